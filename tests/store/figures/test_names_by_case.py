"""Jobs whose names differ in case alone are two, as at their vendor, on every engine."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from engines.column_types import exact
from schema.tables.ci import jobs
from schema.tables.rollups import rollflakedays, rollspans
from store.figures import job_shares
from store.figures.flaky_jobs import list_flakes
from store.figures.split_spans import split_span
from store.reads.months import list_rolled_days
from store.rollups.durations import JobFilter
from store.rollups.make import make_due
from store.rollups.spans import FIGURED, REVISION, RollupPlan, count_due_days
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine
from tests.store.rollups.test_make import CALENDAR

PLAN, DAY = RollupPlan(CALENDAR), timedelta(days=1)
FIRST = CALENDAR.day_begin(datetime(2026, 3, 2).date())
NOW = FIRST + 3 * DAY
BORDERS = (FIRST, FIRST + DAY, FIRST + 2 * DAY)


def store_jobs(engine: Engine) -> None:
    """Two days of a commit on which Test failed, test passed, and lint did both."""
    repoid = stored.repo(engine)
    for day in range(2):
        created = FIRST + day * DAY + timedelta(hours=3)
        gitid = stored.run(engine, repoid, created, workflowgitid=501)
        for name, conclusion in (
            ("Test", "failure"), ("test", "success"), ("lint", ("failure", "success")[day]),
        ):  # fmt: skip
            stored.job(engine, repoid, gitid, created, name=name, conclusion=conclusion)


def read_names(engine: Engine, **asked: str) -> tuple[list[str | None], list[tuple]]:
    """Return which jobs were flaky, and the jobs that Time lists with how many ran."""
    with engine.connect() as connection:
        flaky = [shown.flake.name for shown in list_flakes(connection, BORDERS)]
        split = split_span(connection, JobFilter(BORDERS, **asked))
        listed = job_shares.list_shares(connection, split, "job", 9)
    return flaky, sorted((share.name, share.jobs) for share in listed.rows)


@pytest.mark.parametrize("rolls", [False, True])
def test_they_are_two_among_flaky_jobs_and_times(engine: Engine, rolls: bool):
    store_jobs(engine)
    if rolls:
        make_due(engine, PLAN, 100, now=NOW)
    assert read_names(engine) == (["lint"], [("Test", 2), ("lint", 2), ("test", 2)])
    # A search means both.
    assert read_names(engine, job="TEST")[1] == [("Test", 2), ("test", 2)]
    assert read_names(engine, branch="main")[1] == [("Test", 2), ("lint", 2), ("test", 2)]
    with engine.connect() as connection:
        query = select(jobs.c.Id).where(exact(jobs.c.name) == "Test")
        assert len(connection.scalars(query).all()) == 2


def test_what_an_earlier_revision_made_is_read_until_it_is_made_again(engine: Engine):
    store_jobs(engine)
    make_due(engine, PLAN, 100, now=NOW)
    with engine.begin() as connection:
        connection.execute(update(rollspans).values(rules=FIGURED[0]))
        connection.execute(update(rollflakedays).values(detail="[[],[],[]]"))
        assert len(list_rolled_days(connection, *BORDERS[::2])) == 2
        assert count_due_days(connection, PLAN, NOW) == 3
    assert read_names(engine)[0] == []
    make_due(engine, PLAN, 100, now=NOW)
    assert read_names(engine)[0] == ["lint"]
    with engine.connect() as connection:
        assert count_due_days(connection, PLAN, NOW) == 0
        assert REVISION in connection.scalars(select(rollspans.c.rules)).all()
