"""What roll-ups of days are added up to is kept, and made anew with one of its days."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from config.calendar import Calendar
from store.figures.job_shares import count_runs, count_spans, list_shares, sum_jobs
from store.figures.split_spans import split_span
from store.reads.months import list_rolled_days
from store.rollups.durations import SORTS, JobFilter
from store.rollups.kept_spans import KEPT
from store.rollups.make import make_span
from store.rollups.spans import DAY, RollupPlan, RollupSpan
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine
from tests.store.rollups.making import make_all

FIRST = datetime(2026, 3, 1)
DAYS = 20
"""Of two blocks, which begin at days that 16 divides."""
UTC = Calendar(ZoneInfo("UTC"), time(12))
BORDERS = UTC.borders(date(2026, 3, 1), date(2026, 3, DAYS))
SPANS = (
    JobFilter(BORDERS),
    JobFilter(BORDERS, event="push"),
    JobFilter(BORDERS, os="Linux"),
    JobFilter(BORDERS, workflow="CI"),
    JobFilter(BORDERS, job="test", event="schedule"),
    JobFilter(BORDERS, branch="main"),
    JobFilter(BORDERS[3:12]),
)


def add_run(engine: Engine, repoid: int, number: int, runtime: float) -> None:
    """A run of a day, with its job."""
    created = FIRST + timedelta(days=number, hours=1)
    run = stored.run(
        engine, repoid, created, conclusion="success", workflowgitid=501, workflowname="CI",
        event=("push", "schedule")[number % 2], branchname=("main", "topic")[number % 3 == 0],
    )  # fmt: skip
    stored.job(
        engine, repoid, run, created, name=("test", "lint", "Test")[number % 3], runtime=runtime,
        conclusion="success", os=("Linux", "Windows")[number % 4 == 0], workflowname="CI",
        branchname=("main", "topic")[number % 3 == 0],
    )  # fmt: skip


def read_all(connection: Connection, span: JobFilter) -> object:
    """All that the page Time tells of a span."""
    split = split_span(connection, span)
    shares = {
        by: [(share.name, share.jobs, round(share.seconds, 6)) for share in listed.rows]
        for by in SORTS
        for listed in (list_shares(connection, split, by, 99),)
    }
    runs = sorted((run.day, run.conclusion, run.runs) for run in count_runs(connection, split))
    days = count_spans(connection, split, "times").items()
    jobs = {day: sum(own.values()) for day, own in days if own}
    whole = sum_jobs(connection, split)
    return shares, runs, jobs, (whole.jobs, round(whole.seconds, 6))


def test_time_tells_the_same_from_tables_from_roll_ups_and_from_what_is_kept(engine: Engine):
    repoid = stored.repo(engine)
    for number in range(DAYS):
        add_run(engine, repoid, number, 60.5 + number)
    spans = (*SPANS, JobFilter(BORDERS, repoid=repoid), JobFilter(BORDERS, repoids=(repoid,)))
    with engine.connect() as connection:
        counted = [read_all(connection, span) for span in spans]
    plan = RollupPlan(UTC)
    make_all(engine, plan, BORDERS[-1] - timedelta(hours=1))
    for day in (2, 17):
        with engine.connect() as connection:
            assert len(list_rolled_days(connection, BORDERS[0], BORDERS[-1])) == DAYS
            for _ in range(2):
                assert [read_all(connection, span) for span in spans] == counted
        add_run(engine, repoid, day, 1000.25)
        make_span(engine, plan, RollupSpan(DAY, BORDERS[day], BORDERS[day + 1]))
        with engine.connect() as connection:
            changed = [read_all(connection, span) for span in spans]
            KEPT.clear()
            counted = [read_all(connection, span) for span in spans]
        assert changed == counted
        assert counted[0][3][0] == DAYS + (1 if day == 2 else 2)
