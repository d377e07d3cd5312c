"""Named SELECTs for Health, the banner and the metrics: are the data complete and fresh?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, String, case, cast, func, select

from schema.progress import windows
from schema.tables import deliveries, repos, workflowruns
from store.deliveries import QUARANTINED

LONGEST = timedelta(days=36)
"""A run ends after 35 days at most: https://docs.github.com/actions/reference/limits"""

OPEN = ("queued", "in_progress", "waiting", "requested", "pending")


class Verdict(NamedTuple):
    """What the banner of every page says."""

    last: datetime | None
    quarantined: int


class Hour(NamedTuple):
    """Deliveries of one UTC hour (`YYYY-MM-DD HH`) that came to one state."""

    hour: str
    state: str
    deliveries: int


class Held(NamedTuple):
    """A quarantined delivery and why."""

    provider: str
    guid: str
    event: str
    action: str | None
    repo: str | None
    receivetime: datetime
    attempts: int
    error: str | None


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


def verdict(connection: Connection) -> Verdict:
    """Return the newest delivery's time and the size of the quarantine."""
    last = connection.execute(select(func.max(deliveries.c.receivetime))).scalar()
    held = select(func.count()).where(deliveries.c.state == QUARANTINED)
    return Verdict(last, connection.execute(held).scalar_one())


def per_hour(connection: Connection, since: datetime) -> list[Hour]:
    """Return the deliveries received since a time, by UTC hour and state."""
    table = deliveries.c
    hour = func.substr(cast(table.receivetime, String), 1, 13).label("hour")
    query = select(hour, table.state, func.count()).where(table.receivetime >= since)
    return [Hour(*row) for row in connection.execute(query.group_by("hour", table.state))]


def states(connection: Connection) -> dict[str, int]:
    """Return how many deliveries are kept in each state."""
    table = deliveries.c
    query = select(table.state, func.count()).group_by(table.state)
    return {state: count for state, count in connection.execute(query)}


def quarantine(connection: Connection, limit: int) -> list[Held]:
    """Return the quarantined deliveries, newest first."""
    table = deliveries.c
    query = select(*(table[name] for name in Held._fields)).where(table.state == QUARANTINED)
    query = query.order_by(table.receivetime.desc(), table.Id.desc()).limit(limit)
    return [Held(*row) for row in connection.execute(query)]


def freshness(connection: Connection, now: datetime) -> list[Freshness]:
    """Return each repository's newest run, last change, open runs and backfill, by name.

    `changed` and `open` are those of runs that may still change: GitHub ends one after LONGEST.
    """
    run = workflowruns.c
    counted = (
        select(run.repoid, func.count().label("runs"), func.max(run.createtime).label("newest"))
        .group_by(run.repoid)
        .subquery("counted")
    )
    recent = (
        select(
            run.repoid,
            func.max(run.updatetime).label("changed"),
            func.sum(case((run.status.in_(OPEN), 1), else_=0)).label("open"),
        )
        .where(run.createtime >= now - LONGEST)
        .group_by(run.repoid)
        .subquery("recent")
    )
    unread = func.sum(case((windows.c.state != "closed", 1), else_=0))
    backfill = (
        select(windows.c.repoid, func.count().label("windows"), unread.label("unread"))
        .group_by(windows.c.repoid)
        .subquery("backfill")
    )
    query = select(
        repos.c.Id,
        repos.c.name,
        func.coalesce(counted.c.runs, 0),
        counted.c.newest,
        recent.c.changed,
        func.coalesce(recent.c.open, 0),
        func.coalesce(backfill.c.windows, 0),
        func.coalesce(backfill.c.unread, 0),
    ).where(repos.c.name.is_not(None))
    for part in (counted, recent, backfill):
        query = query.outerjoin(part, part.c.repoid == repos.c.Id)
    return [
        Freshness(*row[:5], int(row[5]), int(row[6]), int(row[7]))
        for row in connection.execute(query.order_by(repos.c.name))
    ]
