"""The views for analysts give the same rows on every engine."""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rows.sources import PROPOSALS
from schema import migrate
from schema.tables.ci import repos, workflows
from store.history.red_now import list_red
from tests.dashboard import stored

DAY = datetime(2026, 3, 1, 22)


def test_views_hold_own_jobs_their_steps_and_days(engine: sa.Engine):
    migrate.upgrade(engine)
    repo = stored.repo(engine, "acme/shop")
    for hour, conclusion in enumerate(("success", "failure", "success")):
        gitid = stored.run(engine, repo, DAY + timedelta(hours=hour), conclusion=conclusion)
    step = {
        "number": 1,
        "name": "Run make test",
        "status": "completed",
        "conclusion": "success",
        "starttime": "2026-03-02 00:00:01.250000",
        "endtime": "2026-03-02 00:01:31.750000",
    }
    steps = json.dumps([step])
    own = stored.job(engine, repo, gitid, DAY, name="test", steps=steps)
    stored.job(engine, repo, gitid, DAY, name="test", inherited=True, steps=steps)
    stored.job(engine, repo, gitid, DAY, name="deploy", gated=True)
    assert read(engine, "SELECT gitid FROM own_jobs") == [(own,)]
    assert read(
        engine, "SELECT repository, workflow, job, jobgitid, name, seconds FROM job_steps"
    ) == [("acme/shop", "Nightly", "test", own, "Run make test", 90.5)]
    daily = "SELECT repository, workflow, event, runs, succeeded, failed FROM daily ORDER BY day"
    assert read(engine, daily) == [
        ("acme/shop", "Nightly", "schedule", 2, 1, 1),
        ("acme/shop", "Nightly", "schedule", 1, 1, 0),
    ]


def test_main_red_says_since_which_run_and_whose(engine: sa.Engine):
    migrate.upgrade(engine)
    shop, other = stored.repo(engine, "acme/shop"), stored.repo(engine, "acme/other")
    for repoid, gitid in ((shop, 1), (shop, 2), (other, 3)):
        stored.put(engine, workflows, provider="github", repoid=repoid, gitid=gitid)

    def run(hour: int, conclusion: str, repoid: int = shop, workflow: int = 1, **more: Any) -> int:
        more = {"workflowgitid": workflow, "conclusion": conclusion, "event": "push", **more}
        return stored.run(engine, repoid, DAY + timedelta(hours=hour), **more)

    run(1, "failure")
    run(2, "success")
    began = run(3, "timed_out", author="ana")
    run(4, "cancelled")
    newest = run(5, "failure", author="ben")
    run(6, "skipped")
    run(7, "success", branchname="feature")
    for event in PROPOSALS:
        run(8, "success", event=event)
    run(9, "success", headrepo="fork/shop")
    run(10, "failure", status="in_progress")
    run(3, "failure", workflow=2)
    run(4, "success", workflow=2)
    alone = run(3, "failure", repoid=other, workflow=3, author=None)
    columns = "repository, workflow, rungitid, conclusion, sincerungitid, author, branchname"
    assert read(engine, f"SELECT {columns} FROM main_red ORDER BY repository") == [  # noqa: S608
        ("acme/other", "Nightly", alone, "failure", alone, None, "main"),
        ("acme/shop", "Nightly", newest, "failure", began, "ana", "main"),
    ]
    with engine.connect() as connection:
        red = list_red(connection)
    times = [(one.repoid, one.since, one.goodtime) for one in red]
    assert sorted(times) == sorted(
        [
            (shop, DAY + timedelta(hours=3), DAY + timedelta(hours=2)),
            (other, DAY + timedelta(hours=3), None),
        ]
    )


def test_main_red_knows_ties_unknown_branches_and_what_is_over(engine: sa.Engine):
    migrate.upgrade(engine)
    names = ("tie", "unknown", "archived", "disabled")
    repoids = {name: stored.repo(engine, f"acme/{name}") for name in names}
    known = {"unknown": {"defaultbranch": None}, "archived": {"archived": True}}
    for gitid, (name, repoid) in enumerate(repoids.items(), start=1):
        state = "disabled_manually" if name == "disabled" else "active"
        stored.put(engine, workflows, provider="github", repoid=repoid, gitid=gitid, state=state)
        with engine.begin() as connection:
            if name in known:
                own = sa.update(repos).where(repos.c.Id == repoid)
                connection.execute(own.values(**known[name]))
        if name == "tie":
            stored.run(engine, repoid, DAY, workflowgitid=gitid, event="push")
        stored.run(engine, repoid, DAY, workflowgitid=gitid, event="push", conclusion="failure")
    query = "SELECT repository FROM main_red ORDER BY repository"
    assert read(engine, query) == [("acme/tie",), ("acme/unknown",)]


def read(engine: sa.Engine, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, decimals as floats."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(query).all()
    return [
        tuple(float(cell) if hasattr(cell, "as_integer_ratio") else cell for cell in row)
        for row in rows
    ]


def test_main_red_knows_workflows_that_no_row_is_of(engine: sa.Engine):
    migrate.upgrade(engine)
    shop = stored.repo(engine, "acme/shop")
    stored.put(engine, workflows, provider="github", repoid=shop, gitid=1)

    def run(hour: float, conclusion: str, gitid: int | None, name: str | None, **more: Any) -> int:
        known = {"workflowgitid": gitid, "workflowname": name, "conclusion": conclusion, **more}
        return stored.run(engine, shop, DAY + timedelta(hours=hour), **known)

    run(0, "success", 1, "CI")
    run(1, "success", None, "Nightly")
    nightly = run(25, "failure", None, "Nightly", author="ana")
    newest = run(49, "failure", None, "Nightly")
    run(50, "success", None, "Weekly")
    nameless = run(51, "failure", None, None)
    run(52, "success", 7, "Deploy")
    deploy = run(53, "failure", 7, "Deploy")
    run(54, "failure", None, "Tests", branchname="feature")
    run(-14 * 24, "failure", None, "Renamed")
    run(-14 * 24, "failure", 8, "Deleted")
    columns = "workflowgitid, workflow, rungitid, sincerungitid, author"
    assert read(engine, f"SELECT {columns} FROM main_red ORDER BY since") == [  # noqa: S608
        (None, "Nightly", newest, nightly, "ana"),
        (None, "schedule on main", nameless, nameless, None),
        (7, "Deploy", deploy, deploy, None),
    ]
    now = "SELECT workflow, conclusion FROM main_now ORDER BY createtime"
    assert read(engine, now) == [
        ("CI", "success"),
        ("Nightly", "failure"),
        ("Weekly", "success"),
        ("schedule on main", "failure"),
        ("Deploy", "failure"),
    ]
    with engine.begin() as connection:
        connection.execute(sa.update(repos).values(archived=True))
    assert read(engine, now) == []
