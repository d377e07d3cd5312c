"""Named SELECTs for how fresh each repository is, from roll-ups as far as they go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, select

from schema.progress import windows
from schema.rollups import rollspans, rollups
from schema.tables import repos, workflowruns
from store.reads_health import OPEN
from store.roll_days import ALL
from store.roll_spans import DAY, REVISION

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


def rolled_until(connection: Connection) -> datetime | None:
    """Return the end of the days with a roll-up, None when one of them is missing."""
    oldest = connection.scalar(select(func.min(workflowruns.c.createtime)))
    if oldest is None:
        return None
    one = rollspans.c
    query = select(one.begintime, one.endtime).where(one.kind == DAY, one.rules == REVISION)
    end: datetime | None = None
    for begin, after in connection.execute(query.order_by(one.begintime)):
        if begin > (oldest if end is None else end):
            return None
        end = after
    return end


def freshness(connection: Connection, now: datetime) -> list[Freshness]:
    """Return each repository's newest run, last change, open runs and backfill, by name.

    `changed` and `open` are those of runs that may still change: GitHub ends one after LONGEST.
    """
    until = rolled_until(connection)
    figures = live(connection, until, now)
    if until is not None:
        for repoid, one in rolled(connection, now).items():
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


def rolled(connection: Connection, now: datetime) -> dict[int, Figures]:
    """Return what the roll-ups of all days say of each repository."""
    row = rollups.c
    lately = row.begintime >= now - LONGEST
    query = select(
        row.repoid,
        func.sum(row.runs),
        func.max(row.newest),
        func.max(case((lately, row.changed))),
        func.sum(case((lately, row.open), else_=0)),
    ).where(row.repoid > ALL)
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
        for repoid, runs, newest, changed, left in connection.execute(query)
    }


def joined(one: Figures, other: Figures) -> Figures:
    """Return two counts together."""
    newest = max(filter(None, (one.newest, other.newest)), default=None)
    changed = max(filter(None, (one.changed, other.changed)), default=None)
    return Figures(one.runs + other.runs, newest, changed, one.open + other.open)
