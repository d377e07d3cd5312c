"""Named SELECTs for how fresh each repository is, from roll-ups as far as they go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, literal, select

from rows.words import OPEN
from schema.tables.backfill import windows
from schema.tables.ci import repos, workflowruns
from schema.tables.rollups import rollups
from store.reads.months import Made, by_month, made_days, rolled_until
from store.rollups.days import ALL

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


class Figures(NamedTuple):
    """What is counted of a repository's runs; the last two of those that may still change."""

    runs: int
    newest: datetime | None
    changed: datetime | None
    open: int


NONE = Figures(0, None, None, 0)


def freshness(connection: Connection, now: datetime) -> list[Freshness]:
    """Return each repository's newest run, last change, open runs and backfill, by name.

    `changed` and `open` are those of runs that may still change: GitHub ends one after LONGEST.
    """
    days = made_days(connection)
    until = rolled_until(connection, days)
    figures = live(connection, until, now)
    if until is not None:
        for repoid, one in rolled(connection, days, now).items():
            figures[repoid] = joined(one, figures.get(repoid, NONE))
    unread = func.sum(case((windows.c.state != "closed", 1), else_=0))
    query: Select[Any] = select(windows.c.repoid, func.count(), unread)
    backfill = {
        repoid: (count, int(left))
        for repoid, count, left in connection.execute(query.group_by(windows.c.repoid))
    }
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    return [
        Freshness(row.Id, row.name, *figures.get(row.Id, NONE), *backfill.get(row.Id, (0, 0)))
        for row in connection.execute(query.order_by(repos.c.name))
    ]


def rolled(connection: Connection, days: Sequence[Made], now: datetime) -> dict[int, Figures]:
    """Return what the roll-ups of all days say of each repository."""
    found: dict[int, Figures] = {}
    for month in by_month(connection, days, all_runs):
        for repoid, one in month.items():
            found[repoid] = joined(found.get(repoid, NONE), one)
    row = rollups.c
    query = select(row.repoid, literal(0), literal(None), func.max(row.changed), func.sum(row.open))
    query = query.where(row.repoid > ALL, row.begintime >= now - LONGEST).group_by(row.repoid)
    for repoid, one in figures_of(connection, query).items():
        found[repoid] = joined(found.get(repoid, NONE), one)
    return found


def all_runs(connection: Connection, begins: Sequence[datetime]) -> dict[int, Figures]:
    """Return how many runs each repository has of some days, and the newest of them."""
    row = rollups.c
    query = select(
        row.repoid, func.sum(row.runs), func.max(row.newest), literal(None), literal(0)
    ).where(row.repoid > ALL, row.begintime.in_(begins))
    return figures_of(connection, query.group_by(row.repoid))


def live(connection: Connection, since: datetime | None, now: datetime) -> dict[int, Figures]:
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
    return figures_of(connection, query.group_by(run.repoid))


def figures_of(connection: Connection, query: Select[Any]) -> dict[int, Figures]:
    """Return the rows of a query by repository, in Python's own numbers."""
    return {
        repoid: Figures(int(runs), newest, changed, int(left))
        for repoid, runs, newest, changed, left in connection.execute(query).all()
    }


def joined(one: Figures, other: Figures) -> Figures:
    """Return two counts together."""
    newest = max(filter(None, (one.newest, other.newest)), default=None)
    changed = max(filter(None, (one.changed, other.changed)), default=None)
    return Figures(one.runs + other.runs, newest, changed, one.open + other.open)
