"""Named SELECTs for how fresh each repository is, from roll-ups as far as they go."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, literal, select

from engines import use_index
from engines.chunks import chunks
from rows.words import OPEN
from schema.tables.backfill import runreads, windows
from schema.tables.ci import repos, workflowruns
from schema.tables.rollups import rollups
from store.reads.months import Gap, RolledDay, add_up_months, list_counted_days, list_gaps
from store.rollups.days import ALL
from store.state.backfill_progress import SEEDED

LONGEST = timedelta(days=36)
"""A run ends after 35 days at most: https://docs.github.com/actions/reference/limits"""

LIVE = 20_000
"""Runs of days without a roll-up that are counted with each ask, the newest."""
DAY = timedelta(days=1)


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


class StoredFreshness(NamedTuple):
    """How fresh repositories are, by name.

    Of `uncounted` days before their roll-ups are made, the runs are too many to be counted.
    """

    repos: list[Freshness]
    uncounted: int


def read_freshness(connection: Connection, now: datetime) -> StoredFreshness:
    """Return each repository's newest run, last change, open runs and backfill.

    `changed` and `open` are those of runs that may still change: GitHub ends one after LONGEST.
    """
    days = list_counted_days(connection)
    figures, left = count_live(connection, list_gaps(connection, days), now)
    for repoid, rolled in sum_rolled(connection, days, now).items():
        figures[repoid] = add_figures(rolled, figures.get(repoid, NO_RUNS))
    for repoid, newest in read_newest(connection).items() if left else ():
        figures[repoid] = figures.get(repoid, NO_RUNS)._replace(newest=newest)
    unread = func.sum(case((windows.c.state != "closed", 1), else_=0))
    query: Select[Any] = select(windows.c.repoid, func.count(), unread)
    backfill = {
        repoid: (count, int(left))
        for repoid, count, left in connection.execute(query.group_by(windows.c.repoid))
    }
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    every = [
        Freshness(row.Id, row.name, *figures.get(row.Id, NO_RUNS), *backfill.get(row.Id, (0, 0)))
        for row in connection.execute(query.order_by(repos.c.name))
    ]
    return StoredFreshness(every, sum(-(-((gap.end or now) - gap.begin) // DAY) for gap in left))


def sum_rolled(
    connection: Connection, days: Sequence[RolledDay], now: datetime
) -> dict[int, RunFigures]:
    """Return what the roll-ups of all days say of each repository."""
    totals: dict[int, RunFigures] = {}
    for month in add_up_months(connection, days, sum_runs):
        for repoid, figures in month.items():
            totals[repoid] = add_figures(totals.get(repoid, NO_RUNS), figures)
    row, lately = rollups.c, [day.begin for day in days if day.begin >= now - LONGEST]
    query = select(row.repoid, literal(0), literal(None), func.max(row.changed), func.sum(row.open))
    query = query.where(row.repoid > ALL, row.begintime.in_(lately)).group_by(row.repoid)
    for repoid, figures in read_figures(connection, query).items() if lately else ():
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
    connection: Connection, gaps: Sequence[Gap], now: datetime
) -> tuple[dict[int, RunFigures], list[Gap]]:
    """Return what the table says of the runs of gaps, and the gaps that it was not asked about.

    The newest LIVE runs at most: a store of ten million has as many in a day.
    """
    figures: dict[int, RunFigures] = {}
    room = LIVE
    for place, gap in enumerate(gaps):
        counted, oldest = count_gap(connection, gap, now, room)
        for repoid, own in counted.items():
            figures[repoid] = add_figures(figures.get(repoid, NO_RUNS), own)
        room -= sum(own.runs for own in counted.values())
        if room <= 0 and oldest is not None:
            return figures, [Gap(gap.begin, oldest), *gaps[place + 1 :]]
    return figures, []


def count_gap(
    connection: Connection, gap: Gap, now: datetime, most: int
) -> tuple[dict[int, RunFigures], datetime | None]:
    """Return what the table says of the newest runs of a gap, and when the oldest was created."""
    run = workflowruns.c
    query = select(run.repoid, run.createtime, run.updatetime, run.status)
    query = query.where(run.createtime >= gap.begin)
    if gap.end is not None:
        query = query.where(run.createtime < gap.end)
    # By the index of times, whatever share of the runs a server takes these to be.
    query = use_index(query, workflowruns, "ix_workflowruns_time")
    newest = query.order_by(run.createtime.desc()).limit(most).subquery().c
    lately = newest.createtime >= now - LONGEST
    sums = select(
        newest.repoid,
        func.count(),
        func.max(newest.createtime),
        func.max(case((lately, newest.updatetime))),
        func.sum(case((lately & newest.status.in_(OPEN), 1), else_=0)),
        func.min(newest.createtime),
    ).group_by(newest.repoid)
    figures, firsts = {}, []
    for repoid, runs, last, changed, left, first in connection.execute(sums):
        figures[repoid] = RunFigures(int(runs), last, changed, int(left))
        firsts.append(first)
    return figures, min(firsts, default=None)


def read_newest(connection: Connection) -> dict[int, datetime]:
    """Return when the newest run of each repository was created: a step down an index for each."""
    run = workflowruns.c
    newest = use_index(select(run.createtime), workflowruns, "ix_workflowruns_repo")
    newest = newest.where(run.repoid == repos.c.Id, run.createtime.is_not(None))
    newest = newest.order_by(run.repoid.desc(), run.createtime.desc()).limit(1)
    query = select(repos.c.Id, newest.scalar_subquery())
    return {repoid: time for repoid, time in connection.execute(query) if time is not None}


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
