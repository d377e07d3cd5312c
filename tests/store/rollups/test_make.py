"""Roll-ups follow the tables: whatever is committed meanwhile, by whom, and in which order."""

import threading
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, delete, select, update

from config.calendar import Calendar
from config.groups import Group
from fakegithub.world.history import history
from rows.github.events import rows_for
from schema.tables.ci import jobs, workflowruns
from schema.tables.rollups import dirtyruns, rollnights, rollparts, rollspans, rollups
from store import apply, delete_repository
from store.rollups import make as rolled
from store.rollups import schedule, spans
from store.rollups.spans import DAY, NIGHT, RollupPlan, RollupSpan
from store.state.failures import FailedJob, FailureReason, store_reasons
from store.write import changed_runs
from tests.dashboard import stored
from tests.store import production_doors
from tests.store.rollups.making import make_all

CALENDAR = Calendar(ZoneInfo("Asia/Kathmandu"), time(7))
PLAN = RollupPlan(CALENDAR)
NOON = datetime(2026, 3, 9, 12)
NOW = datetime(2026, 3, 14)


def check_rolled(engine: Engine, plan: RollupPlan = PLAN) -> int:
    """Fail unless every roll-up says what the tables say; return how many there are."""
    with engine.connect() as connection:
        made = spans.list_stored_spans(connection)
        for (kind, begin), one in made.items():
            assert RollupSpan(kind, begin, one.end) in spans.spans_at(plan, begin)
            counted = rolled.count_span(connection, plan, RollupSpan(kind, begin, one.end))
            for table in (rollups, rollparts) if kind == DAY else (rollnights,):
                assert rolled.read_rows(connection, table, begin) == counted[table]
        for moment in connection.scalars(select(jobs.c.createtime).distinct()):
            for span in spans.spans_at(plan, moment):
                assert (span.kind, span.begin) in made
    return len(made)


def marks(engine: Engine) -> int:
    with engine.connect() as connection:
        return changed_runs.pending_runs(connection).runs


def marked(engine: Engine, *runs: int) -> None:
    """Mark runs as a writer would."""
    with engine.begin() as connection:
        changed_runs.note_changes(connection, [("github", run) for run in runs])


def one_run(engine: Engine, created: datetime = NOON) -> int:
    """Store a run with a job, marked."""
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, created)
    stored.job(engine, repoid, gitid, created)
    marked(engine, gitid)
    return gitid


def test_everything_is_rolled_up_and_every_mark_taken_back(engine: Engine):
    stored.fill(engine, history(seed=4, runs=40, jobs=3, repos=2, days=3))
    assert marks(engine) == 40
    make_all(engine, PLAN, NOW)
    assert marks(engine) == 0
    assert check_rolled(engine) > 6


def test_roll_ups_are_right_though_writers_and_two_others_work_at_once(writers: list[Engine]):
    world = history(seed=9, runs=30, jobs=3, repos=2, days=2)
    mapped = [rows_for(one.event, one.payload) for one in world.deliveries()]
    ended = threading.Event()
    errors: list[BaseException] = []

    def roll(engine: Engine) -> None:
        try:
            while not ended.is_set():
                rolled.remake_changed(engine, PLAN)
        except BaseException as error:
            errors.append(error)
            raise

    rollers = [threading.Thread(target=roll, args=(engine,)) for engine in writers[2:]]
    for one in rollers:
        one.start()
    halves = [
        threading.Thread(target=production_doors.write_all, args=(engine, stored.batched(part, 4)))
        for engine, part in ((writers[0], mapped[::2]), (writers[1], mapped[1::2]))
    ]
    for one in halves:
        one.start()
    for one in halves:
        one.join()
    ended.set()
    for one in rollers:
        one.join()
    assert errors == []
    make_all(writers[0], PLAN, NOW)
    assert marks(writers[0]) == 0
    check_rolled(writers[0])


def test_change_committed_while_marks_are_worked_off_keeps_its_mark(engine: Engine):
    gitid = one_run(engine)
    with engine.connect() as connection:
        read = changed_runs.read_changes(connection, 10)
    marked(engine, gitid)
    with engine.begin() as connection:
        changed_runs.acknowledge(connection, read)
    assert marks(engine) == 1
    rolled.remake_changed(engine, PLAN)
    assert marks(engine) == 0


def test_mark_made_anew_is_not_taken_back_by_who_read_the_one_before(engine: Engine):
    gitid = one_run(engine)
    with engine.connect() as connection:
        read = changed_runs.read_changes(connection, 10)
    with engine.begin() as connection:
        changed_runs.acknowledge(connection, read)
    marked(engine, gitid)
    with engine.begin() as connection:
        changed_runs.acknowledge(connection, read)
    assert marks(engine) == 1


def test_who_read_earlier_and_writes_later_writes_nothing(engine: Engine):
    one_run(engine)
    (span,) = [span for span in spans.spans_at(PLAN, NOON) if span.kind == DAY]
    assert rolled.make_span(engine, PLAN, span)
    with engine.connect() as connection:
        seen = rolled.read_revision(connection, span)
    assert rolled.make_span(engine, PLAN, span)
    with engine.begin() as connection:
        assert not rolled.claim_span(connection, span, spans.REVISION, seen)


def test_mark_stays_while_its_span_was_not_made(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    one_run(engine)
    monkeypatch.setattr(rolled, "claim_span", lambda *_: False)
    assert rolled.remake_changed(engine, PLAN) == 1
    assert marks(engine) == 1


def test_late_job_moves_the_day_it_was_created_on(engine: Engine):
    gitid = one_run(engine)
    make_all(engine, PLAN, NOW)
    late = NOON + timedelta(days=3)
    with engine.connect() as connection:
        repoid = connection.scalar(select(workflowruns.c.repoid))
    stored.job(engine, repoid, gitid, late, attempt=2)
    marked(engine, gitid)
    rolled.remake_changed(engine, PLAN)
    assert check_rolled(engine) >= 4
    found = stored.ask(
        engine, "SELECT runs, detail FROM rollups WHERE repoid = 0 ORDER BY begintime"
    )
    assert [runs for runs, _ in found] == [1, 0]
    assert all('"jobs":[["Linux",null,1,60.0]]' in detail for _, detail in found)


def test_reason_that_is_read_later_reaches_its_night(engine: Engine):
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, NOON, conclusion="failure")
    job = stored.job(engine, repoid, gitid, NOON, conclusion="failure", failedstep="Test")
    make_all(engine, PLAN, NOW)
    failed = FailedJob("github", job, repoid, gitid, 1, "test", "Test", NOON)
    store_reasons(engine, failed, [FailureReason("log", message="\nboom\nbang", fingerprint="f")])
    rolled.remake_changed(engine, PLAN)
    ((detail,),) = stored.ask(engine, "SELECT detail FROM rollnights")
    assert '"boom","f"' in detail


def test_changed_groups_and_zones_make_their_nights_anew(engine: Engine):
    one_run(engine)
    make_all(engine, PLAN, NOW)
    grouped = RollupPlan(CALENDAR, (Group("prod", ("octo-org/*",), ("Release",)),))
    make_all(engine, grouped, NOW)
    assert stored.ask(engine, "SELECT way FROM rollnights") == []
    elsewhere = RollupPlan(Calendar(ZoneInfo("America/New_York"), time(7)))
    make_all(engine, elsewhere, NOW)
    check_rolled(engine, elsewhere)


def test_span_that_nothing_marked_is_looked_at_again_after_a_day(engine: Engine):
    one_run(engine)
    make_all(engine, PLAN, NOW)
    with engine.begin() as connection:
        connection.execute(update(jobs).values(runtime=90.0))  # by hand: nothing marks it
        old = datetime(2026, 1, 1)
        wrong = (rollspans.c.begintime <= NOON, rollspans.c.begintime > NOON - timedelta(days=1))
        connection.execute(update(rollspans).where(*wrong).values(rolltime=old))
    for _ in range(2):
        assert rolled.make_due(engine, PLAN, 5, now=NOW) == 1
    check_rolled(engine)


def test_forgotten_repository_is_in_no_roll_up(engine: Engine):
    one_run(engine)
    make_all(engine, PLAN, NOW)
    ((key,),) = [delete_repository.list_repositories(engine, "octo-org/app")]
    delete_repository.forget(engine, key)
    with engine.connect() as connection:
        for table in (rollspans, rollups, rollnights):
            assert connection.execute(select(table.c.Id)).all() == []


def test_empty_store_has_nothing_to_roll_up_but_today(engine: Engine):
    make_all(engine, PLAN)
    assert {kind for (kind,) in stored.ask(engine, "SELECT kind FROM rollspans")} == {DAY, NIGHT}
    assert schedule.run_step(engine, PLAN) == schedule.IDLE_SECONDS


def test_marks_are_in_the_writer_s_transaction(engine: Engine):
    world = history(seed=2, runs=3, jobs=1, repos=1, days=1)
    found = [rows_for(one.event, one.payload) for one in world.deliveries()]
    production_doors.write(engine, found)
    with engine.begin() as connection:
        connection.execute(delete(dirtyruns))
    with engine.connect() as connection:
        transaction = connection.begin()
        apply.apply(connection, found[-1:], apply.VersionCache(), told=True)
        assert changed_runs.pending_runs(connection).runs == 1
        transaction.rollback()
    assert marks(engine) == 0


def test_span_is_what_the_calendar_says():
    assert spans.spans_at(PLAN, datetime(2026, 3, 9, 20)) == {
        RollupSpan(DAY, datetime(2026, 3, 9, 18, 15), datetime(2026, 3, 10, 18, 15)),
        RollupSpan(NIGHT, datetime(2026, 3, 9, 1, 15), datetime(2026, 3, 10, 1, 15)),
    }
