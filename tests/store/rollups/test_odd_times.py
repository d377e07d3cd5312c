"""A time that cannot be, of a clock that was wrong, costs the roll-ups of all others nothing."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from config.calendar import Calendar
from fakegithub.payloads.events import job
from schema.tables.rollups import rollups
from store.reads.freshness import read_freshness
from store.reads.metrics import read_span_totals
from store.rollups.days import ALL
from store.rollups.make import make_due, remake_changed
from store.rollups.spans import RollupPlan, count_due_days
from tests.store.write.test_widths import deliver
from tests.stories.plain import BUILD
from tests.stories.story import job_sent, run_sent, the_run

NOW = datetime(2026, 3, 4, 9)  # two days after the runs of the stories


def deliver_run(engine: Engine, gitid: int, day: str) -> None:
    """Store a run of a day that passed, with a job that waited 10 s and ran 60 s."""
    created, begun, ended = (f"{day}T12:{clock}Z" for clock in ("00:00", "00:10", "01:10"))
    event, payload = run_sent("completed", the_run("12:00:00", status="completed"))
    times = {"created_at": created, "run_started_at": created, "updated_at": ended}
    payload["workflow_run"].update(times, id=gitid, conclusion="success")
    sent, told = job_sent("completed", job(**BUILD))
    times = {"created_at": created, "started_at": begun, "completed_at": ended}
    told["workflow_job"].update(times, id=gitid + 1, run_id=gitid, labels=["ubuntu-latest"])
    told["workflow_job"].update(status="completed", conclusion="success", runner_id=4)
    deliver(engine, (event, payload), (sent, told))


@pytest.mark.parametrize(
    ("day", "zone", "counted"),
    [
        ("1000-01-01", "Pacific/Kiritimati", 2),
        ("1969-12-31", "UTC", 2),
        ("2999-01-01", "UTC", 2),
        ("9999-12-31", "Pacific/Kiritimati", 1),  # a day whose end no calendar has
        ("9999-12-31", "Etc/GMT+12", 1),
    ],
)
def test_run_of_an_odd_time_leaves_few_days_to_be_counted(
    engine: Engine, day: str, zone: str, counted: int
):
    plan = RollupPlan(Calendar(ZoneInfo(zone), time(7)))
    deliver_run(engine, 4000, "2026-03-02")
    deliver_run(engine, 5000, day)
    remake_changed(engine, plan)
    assert make_due(engine, plan, 50, now=NOW) < 20
    assert make_due(engine, plan, 50, now=NOW) == 0
    with engine.connect() as connection:
        assert count_due_days(connection, plan, NOW) == 0
        runs = connection.scalars(select(rollups.c.runs).where(rollups.c.repoid == ALL)).all()
        freshness = read_freshness(connection, NOW)
        totals = read_span_totals(connection)
    assert [*runs].count(1) == counted
    assert [one.runs for one in freshness.repos] == [2]
    assert freshness.uncounted == 0
    assert totals["times"]["Linux"].spans.total() == counted


def test_days_before_and_after_two_empty_years_are_counted(engine: Engine):
    plan = RollupPlan(Calendar(ZoneInfo("UTC"), time(7)))
    for number, day in enumerate(("2026-03-02", "2023-12-05", "2023-12-03")):
        deliver_run(engine, 4000 + 10 * number, day)
    with engine.connect() as connection:
        # Of March the second and the third, of December the third to the fifth.
        assert count_due_days(connection, plan, NOW) == 5
    assert make_due(engine, plan, 50, now=NOW) < 30
    with engine.connect() as connection:
        assert count_due_days(connection, plan, NOW) == 0
        query = select(rollups.c.begintime).where(rollups.c.repoid == ALL, rollups.c.runs == 1)
        days = sorted(connection.scalars(query))
    assert days == [datetime(2023, 12, 3), datetime(2023, 12, 5), datetime(2026, 3, 2)]
