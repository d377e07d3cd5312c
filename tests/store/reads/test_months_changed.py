"""In which days runs were created that changed later is told by roll-ups, and by nothing else."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Engine

from config.calendar import Calendar
from schema.tables.ci import workflowruns
from schema.tables.rollups import dirtyruns, rollspans
from store.reads import months
from store.reads.months import Span, find_changed
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine
from tests.store.rollups.making import make_all

DAY, FIRST = timedelta(days=1), datetime(2026, 3, 1, 6)
UNTIL, SINCE = datetime(2026, 3, 9), datetime(2026, 3, 20)
PLAN = RollupPlan(Calendar(ZoneInfo("UTC"), time(12)))


def find(engine: Engine, until: datetime = UNTIL) -> Span | None:
    with engine.connect() as connection:
        return find_changed(connection, until, SINCE)


def midnight(day: int) -> datetime:
    return datetime(2026, 3, day)


def note(engine: Engine, gitid: int) -> None:
    now = datetime(2026, 3, 30)
    stored.put(engine, dirtyruns, provider="github", rungitid=gitid, mark=1, marktime=now)


def test_days_of_runs_that_changed_are_found_by_what_their_roll_ups_say(
    engine: Engine, monkeypatch
):
    assert find(engine) is None  # no run at all
    repoid = stored.repo(engine)
    runs = [stored.run(engine, repoid, FIRST + DAY * number) for number in range(12)]
    assert find(engine) == (FIRST, UNTIL)  # no day has a roll-up
    assert find(engine, FIRST) is None
    make_all(engine, PLAN, datetime(2026, 3, 30))
    assert find(engine) is None  # no run changed after its day
    for gitid, changed in ((runs[2], SINCE - DAY), (runs[4], SINCE), (runs[6], SINCE + DAY)):
        with engine.begin() as connection:
            change = sa.update(workflowruns).where(workflowruns.c.gitid == gitid)
            connection.execute(change.values(updatetime=changed))
        note(engine, gitid)
    # They wait for their roll-ups: each might have changed.
    assert find(engine) == (FIRST + 2 * DAY, FIRST + 6 * DAY + months.TICK)
    monkeypatch.setattr(months, "FEW", 2)
    assert find(engine) == (FIRST, UNTIL)
    make_all(engine, PLAN, datetime(2026, 3, 30))
    assert find(engine) == (midnight(5), midnight(8))
    assert find(engine, midnight(7)) == (midnight(5), midnight(6))
    with engine.begin() as connection:  # a day without a roll-up tells nothing
        connection.execute(sa.delete(rollspans).where(rollspans.c.begintime == midnight(2)))
    assert find(engine) == (midnight(2), midnight(8))
    note(engine, runs[10])
    assert find(engine) == (midnight(2), midnight(8))  # it was created later
