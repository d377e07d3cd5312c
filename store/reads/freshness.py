"""Named SELECTs for how fresh each repository is, from roll-ups as far as they go."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, literal, select

from engines.chunks import chunks
from rows.words import OPEN
from schema.tables.backfill import runreads, windows
from schema.tables.ci import repos, workflowruns
from schema.tables.rollups import rollups
from store.reads.months import RolledDay, add_up_months, find_rolled_until, list_counted_days
from store.rollups.days import ALL
from store.state.backfill_progress import SEEDED

LONGEST = timedelta(days=36)
"""A run ends after 35 days at most: https://docs.github.com/actions/reference/limits"""


class Freshness(NamedTuple):
    """How fresh a repository is: its newest run, when it last changed, and what is unfinished."""

    repoid: int
    repo: str
    runs: int
    newest: datetime | None
    changed: datetime | None
    open: int
    windows: int
    unread: int


class SeededRuns(NamedTuple):
    """Runs whose jobs only GraphQL told of: their number, and when the newest was created."""

    runs: int
    newest: datetime | None


def list_seeded_runs(connection: Connection, repoids: Iterable[int]) -> dict[int, SeededRuns]:
    """Return, by repository, the runs of which the waits of jobs are not known yet."""
    run = runreads.c
    query = select(run.repoid, func.count(), func.max(run.createtime)).group_by(run.repoid)
    return {
        repoid: SeededRuns(count, newest)
        for part in chunks(sorted(set(repoids)))
        for repoid, count, newest in connection.execute(
            query.where(run.repoid.in_(part), run.state == SEEDED)
        )
    }


class RunFigures(NamedTuple):
    """What is counted of a repository's runs; the last two of those that may still change."""

    runs: int
    newest: datetime | None
    changed: datetime | None
    open: int


NO_RUNS = RunFigures(0, None, None, 0)


def list_freshness(connection: Connection, now: datetime) -> list[Freshness]:
    """Return each repository's newest run, last change, open runs and backfill, by name.

    `changed` and `open` are those of runs that may still change: GitHub ends one after LONGEST.
    """
    days = list_counted_days(connection)
    until = find_rolled_until(connection, days)
    figures = count_live(connection, until, now)
    if until is not None:
        for repoid, rolled in sum_rolled(connection, days, now).items():
            figures[repoid] = add_figures(rolled, figures.get(repoid, NO_RUNS))
    unread = func.sum(case((windows.c.state != "closed", 1), else_=0))
    query: Select[Any] = select(windows.c.repoid, func.count(), unread)
    backfill = {
        repoid: (count, int(left))
        for repoid, count, left in connection.execute(query.group_by(windows.c.repoid))
    }
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    return [
        Freshness(row.Id, row.name, *figures.get(row.Id, NO_RUNS), *backfill.get(row.Id, (0, 0)))
        for row in connection.execute(query.order_by(repos.c.name))
    ]


def sum_rolled(
    connection: Connection, days: Sequence[RolledDay], now: datetime
) -> dict[int, RunFigures]:
    """Return what the roll-ups of all days say of each repository."""
    totals: dict[int, RunFigures] = {}
    for month in add_up_months(connection, days, sum_runs):
        for repoid, figures in month.items():
            totals[repoid] = add_figures(totals.get(repoid, NO_RUNS), figures)
    row = rollups.c
    query = select(row.repoid, literal(0), literal(None), func.max(row.changed), func.sum(row.open))
    query = query.where(row.repoid > ALL, row.begintime >= now - LONGEST).group_by(row.repoid)
    for repoid, figures in read_figures(connection, query).items():
        totals[repoid] = add_figures(totals.get(repoid, NO_RUNS), figures)
    return totals


def sum_runs(connection: Connection, begins: Sequence[datetime]) -> dict[int, RunFigures]:
    """Return how many runs each repository has of some days, and the newest of them."""
    row = rollups.c
    query = select(
        row.repoid, func.sum(row.runs), func.max(row.newest), literal(None), literal(0)
    ).where(row.repoid > ALL, row.begintime.in_(begins))
    return read_figures(connection, query.group_by(row.repoid))


def count_live(
    connection: Connection, since: datetime | None, now: datetime
) -> dict[int, RunFigures]:
    """Return what the table says of the runs created since a time, or of all."""
    run = workflowruns.c
    lately = run.createtime >= now - LONGEST
    query = select(
        run.repoid,
        func.count(),
        func.max(run.createtime),
        func.max(case((lately, run.updatetime))),
        func.sum(case((lately & run.status.in_(OPEN), 1), else_=0)),
    )
    if since is not None:
        query = query.where(run.createtime >= since)
    return read_figures(connection, query.group_by(run.repoid))


def read_figures(connection: Connection, query: Select[Any]) -> dict[int, RunFigures]:
    """Return the rows of a query by repository, in Python's own numbers."""
    return {
        repoid: RunFigures(int(runs), newest, changed, int(left))
        for repoid, runs, newest, changed, left in connection.execute(query).all()
    }


def add_figures(first: RunFigures, second: RunFigures) -> RunFigures:
    """Return two counts together."""
    newest = max(filter(None, (first.newest, second.newest)), default=None)
    changed = max(filter(None, (first.changed, second.changed)), default=None)
    return RunFigures(first.runs + second.runs, newest, changed, first.open + second.open)
