"""The views for analysts give the same rows on every engine."""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schema import migrate
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


def read(engine: sa.Engine, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, decimals as floats."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(query).all()
    return [
        tuple(float(cell) if hasattr(cell, "as_integer_ratio") else cell for cell in row)
        for row in rows
    ]
