"""The views of red branches go by the indexes that are named, whatever a server takes to be few."""

from datetime import timedelta

import sqlalchemy as sa

from schema.tables.ci import workflowruns, workflows
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]


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
        connection.execute(workflows.insert(), [
            {"provider": "github", "gitid": flow, "repoid": repoid, "name": f"flow {flow}"}
            for flow in flows
        ])  # fmt: skip
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
