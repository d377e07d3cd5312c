"""What ran on a default branch that was renamed counts until the day of that."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from schema.tables.ci import branches
from store.rollups.count_figures import count_figures
from store.rollups.nightly_runs import read_nights
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, engine

__all__ = ["engine"]

DAY = timedelta(days=1)
RENAMED = NOW - timedelta(hours=12)
BEGIN, END = NOW - 9 * DAY, NOW + DAY


@pytest.fixture
def repoid(engine: sa.Engine) -> int:
    """Store a repository whose pushes fail on master for three nights, then on main for one."""
    repoid = stored.repo(engine, defaultbranch="main")
    push = {"event": "push", "conclusion": "failure", "workflowgitid": 1, "workflowname": "CI"}
    for back in (4, 3, 2):
        stored.run(engine, repoid, NOW - back * DAY, branchname="master", **push)
    stored.run(engine, repoid, NOW, branchname="main", **push)
    stored.run(engine, repoid, NOW, branchname="master", **{**push, "workflowgitid": 2})
    return repoid


def rename(engine: sa.Engine, repoid: int) -> None:
    stored.put(engine, branches, repoid=repoid, name="master", defaultuntil=RENAMED)


def nights(engine: sa.Engine) -> list[tuple[int, list[object]]]:
    """Return for each night how many days ago it is, and the workflows that failed in it."""
    with engine.connect() as connection:
        found = read_nights(connection, UTC_NOON, BEGIN, END)
    return sorted(
        ((NOW.date() - one.night).days, [failure.workflowkey for failure in one.content.failures])
        for one in found
    )


def test_nights_before_the_day_it_was_renamed_are_judged_by_the_former_branch(
    engine: sa.Engine, repoid: int
):
    assert nights(engine) == [(0, [1])]
    rename(engine, repoid)
    assert nights(engine) == [(0, [1]), (2, [1]), (3, [1]), (4, [1])]


def test_days_before_it_turn_by_the_former_branch(engine: sa.Engine, repoid: int):
    def red(back: int) -> int:
        with engine.connect() as connection:
            begin = NOW - back * DAY - timedelta(hours=1)
            return len(count_figures(connection, begin, begin + DAY)[repoid].red)

    assert [red(back) for back in (4, 0)] == [0, 1]
    rename(engine, repoid)
    assert [red(back) for back in (4, 0)] == [1, 1]
