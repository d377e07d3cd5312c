"""A name of half a million letters is counted as all others, and costs its day nothing.

MySQL sorts no row that is longer than its sort buffer, with all of its texts (error 1038): that is
256 KiB by itself.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from config.calendar import Calendar
from store.figures import job_shares
from store.figures.split_spans import split_span
from store.rollups.durations import JobFilter
from store.rollups.make import make_due
from store.rollups.spans import RollupPlan
from tests.dashboard import stored

PLAN = RollupPlan(Calendar(ZoneInfo("UTC"), time(7)))
FIRST, DAY = datetime(2026, 3, 2), timedelta(days=1)
NOW = datetime(2026, 3, 3, 9)
LETTERS = 500_000  # an output that a matrix is made of may have as many


@pytest.mark.parametrize("rolls", [False, True])
def test_job_of_a_long_name_is_counted(engine: Engine, rolls: bool):
    repoid, name = stored.repo(engine), "é🐧x" * (LETTERS // 3)
    gitid = stored.run(engine, repoid, FIRST)
    for called in (name, "test"):
        stored.job(engine, repoid, gitid, FIRST, name=called)
    if rolls:
        make_due(engine, PLAN, 9, now=NOW)
    with engine.connect() as connection:
        split = split_span(connection, JobFilter((FIRST, FIRST + DAY)))
        assert bool(split.parts) is not rolls
        listed = job_shares.list_shares(connection, split, "job", 9).rows
    assert {one.name: one.jobs for one in listed} == {name: 1, "test": 1}
