"""The views of red branches go by the indexes that are named, whatever a server takes to be few."""

from datetime import timedelta

import sqlalchemy as sa

from schema.tables.ci import repos, workflowruns, workflows
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]
PLANS = {
    "sqlite": "EXPLAIN QUERY PLAN SELECT * FROM main_now",
    "postgresql": "EXPLAIN SELECT * FROM main_now",
}


def store_workflows(connection: sa.Connection, repoid: int, flows: range) -> None:
    """Store workflows of a repository by their ids."""
    connection.execute(workflows.insert(), [
        {"provider": "github", "gitid": flow, "repoid": repoid, "name": f"flow {flow}"}
        for flow in flows
    ])  # fmt: skip


def test_runs_without_a_workflow_are_found_by_its_index(engine: sa.Engine):
    repoid = stored.repo(engine)
    for _ in range(3):
        stored.run(engine, repoid, NOW, conclusion="failure")
    with engine.connect() as connection:
        red = connection.exec_driver_sql("SELECT workflow, since FROM main_red").all()
        assert [(one[0], str(one[1])[:16]) for one in red] == [("Nightly", f"{NOW:%Y-%m-%d %H:%M}")]
        if engine.dialect.name != "mysql":  # the others do not read what is said to it
            return
        asked = "EXPLAIN FORMAT=TRADITIONAL SELECT * FROM main_red"
        plan = connection.exec_driver_sql(asked).mappings().all()
    keys = {row["table"]: row["key"] for row in plan}
    assert keys["named"] == "ix_workflowruns_workflow", plan
    assert keys["latest"] == "ix_workflowruns_repo", plan


def test_servers_read_of_each_workflow_what_is_asked_and_no_rows_ahead(engine: sa.Engine):
    repoid = stored.repo(engine)
    flows, runs = range(1, 201), range(20)
    with engine.begin() as connection:
        store_workflows(connection, repoid, flows)
        connection.execute(workflowruns.insert(), [
            {"provider": "github", "gitid": 1000 * flow + number, "repoid": repoid,
             "workflowgitid": flow, "branchname": "main", "status": "completed",
             "conclusion": "failure" if number + flow % 10 > 27 else "success", "event": "push",
             "createtime": NOW - timedelta(hours=20 - number), "title": "a change " * 20}
            for number in runs for flow in flows
        ])  # fmt: skip
    with engine.connect() as connection:
        red = connection.exec_driver_sql("SELECT workflowgitid, sincerungitid FROM main_red").all()
        assert {(flow, 1000 * flow + 19) for flow in flows if flow % 10 == 9} == set(
            map(tuple, red)
        )
        if engine.dialect.name not in ("mysql", "mariadb"):
            return
        counted = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'"
        pages = []
        for _ in range(5):  # others may be at work in this server
            before = int(connection.exec_driver_sql(counted).one()[1])
            connection.exec_driver_sql("SELECT * FROM main_now").all()
            pages.append(int(connection.exec_driver_sql(counted).one()[1]) - before)
    assert min(pages) < 15 * len(flows), pages


def test_workflows_that_never_run_on_the_default_branch_are_not_read_through(engine: sa.Engine):
    repoid = stored.repo(engine)
    flows, runs = range(1, 41), range(250)
    with engine.begin() as connection:
        store_workflows(connection, repoid, flows)
        connection.execute(workflowruns.insert(), [
            {"provider": "github", "gitid": 1000 * flow + number, "repoid": repoid,
             "workflowgitid": flow, "branchname": "main" if flow == 7 else f"topic-{number % 90}",
             "status": "completed", "conclusion": "failure",
             "event": "push" if flow == 7 else "pull_request",
             "createtime": NOW - timedelta(hours=250 - number), "title": "a change " * 20}
            for number in runs for flow in flows
        ])  # fmt: skip
    dialect = engine.dialect.name
    with engine.connect() as connection:
        red = connection.exec_driver_sql("SELECT workflowgitid, sincerungitid FROM main_red").all()
        assert [tuple(one) for one in red] == [(7, 7000)]
        if dialect in PLANS:
            connection.exec_driver_sql("ANALYZE workflowruns")
            told = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(PLANS[dialect]))
            assert "ix_workflowruns_main" in told, told
            assert "branchname=?" in told or "branchname)::text = " in told, told
            return
        connection.exec_driver_sql("ANALYZE TABLE workflowruns").all()
        rows = "SHOW SESSION STATUS LIKE 'Handler_read%%'"
        before = sum(int(row[1]) for row in connection.exec_driver_sql(rows))
        connection.exec_driver_sql("SELECT * FROM main_now").all()
        read = sum(int(row[1]) for row in connection.exec_driver_sql(rows)) - before
    assert read < len(flows) * 20, read


def test_branch_that_counts_where_no_default_one_is_known_is_that_of_the_newest_run(
    engine: sa.Engine,
):
    repoid = stored.repo(engine)
    with engine.begin() as connection:
        connection.execute(repos.update().values(defaultbranch=None))
    for hours, branch, conclusion in (
        (9, "main", "success"), (5, "master", "failure"), (4, "master", "failure"),
        (3, "master", "cancelled"), (2, "topic", "success"),
    ):  # fmt: skip
        more = {"branchname": branch, "conclusion": conclusion, "event": "push"}
        stored.run(engine, repoid, NOW - timedelta(hours=hours), **more)
    with engine.connect() as connection:
        red = connection.exec_driver_sql("SELECT branchname, since FROM main_red").all()
    assert [(branch, str(since)[:13]) for branch, since in red] == [
        ("master", f"{NOW - timedelta(hours=5):%Y-%m-%d %H}")
    ]
