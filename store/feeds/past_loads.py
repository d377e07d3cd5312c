"""Loads that are over: those whose process was killed are ended, and old ones dropped."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, select, update

from engines import database_time
from engines.chunks import chunks
from engines.lease import holder_of, is_gone
from schema.tables.packages import feedstates, load_history
from schema.tables.reconciler import leases
from store.state import notes

KEPT = 1000
"""Newest loads of a feed that are kept."""
KILLED = "was killed"
RUNNING, DONE = "running", "done"
DROPPED_FAILURES = "failed loads that were dropped"
"""Of each feed, so that its count of failures never falls."""


def lease_name(feed: str) -> str:
    """Return the name of the lease that the process has which loads a feed."""
    return f"feed:{feed}"[:64]


def end_killed(connection: Connection, now: datetime) -> list[tuple[str, datetime]]:
    """End the loads whose process holds no lease any more; return their feeds and begins."""
    c = load_history.c
    running = connection.execute(
        select(c.Id, c.feed, c.starttime).where(c.state == RUNNING).order_by(c.Id)
    ).all()
    killed = [row for row in running if not is_held(connection, row.feed, now)]
    for row in killed:
        ended = update(load_history).where(c.Id == row.Id, c.state == RUNNING)
        connection.execute(ended.values(state="failed", endtime=now, error=KILLED))
    return [(row.feed, row.starttime) for row in killed]


def is_killed(connection: Connection, feed: str, state: str) -> bool:
    """Tell whether a load that never ended was killed: no process that may be alive has its feed.

    True before whoever comes by next writes so.
    """
    return state == RUNNING and not is_held(connection, feed, database_time(connection))


def is_held(connection: Connection, feed: str, now: datetime) -> bool:
    """Tell whether a process that may be alive loads a feed."""
    lease = holder_of(connection, leases, lease_name(feed))
    return lease is not None and lease.endtime > now and not is_gone(lease.holder)


def drop_old(connection: Connection) -> int:
    """Drop all but the newest loads of each feed, and its newest that is done; return how many."""
    c, dropped = load_history.c, 0
    counted = select(c.feed, func.max(c.Id)).where(c.state == DONE).group_by(c.feed)
    done = {feed: number for feed, number in connection.execute(counted)}
    many = select(c.feed).group_by(c.feed).having(func.count() > KEPT)
    for feed in connection.scalars(many).all():
        oldest = connection.scalar(
            select(c.Id).where(c.feed == feed).order_by(c.Id.desc()).offset(KEPT - 1).limit(1)
        )
        query = select(c.Id, c.state, c.changed, c.gone, c.package_manager_id)
        old = connection.execute(
            query.where(c.feed == feed, c.Id < oldest, c.Id != done.get(feed, 0))
        ).all()
        failures = int(notes.text(connection, feed, DROPPED_FAILURES) or 0)
        failures += sum(row.state == "failed" for row in old)
        notes.put(connection, feed, DROPPED_FAILURES, str(failures))
        writing = [row for row in old if row.changed != 0 or row.gone]
        forget_brought(connection, feed, writing)
        for part in chunks([row.Id for row in old]):
            connection.execute(delete(load_history).where(c.Id.in_(part)))
        dropped += len(old)
    return dropped


def forget_brought(connection: Connection, feed: str, writing: Iterable[Any]) -> None:
    """Forget what older loads brought that these loads wrote over: without them nobody would know.

    A load may have been written over by one of its feed, or of another feed of its registry.
    """
    last = max((row.Id for row in writing), default=0)
    managers = {row.package_manager_id for row in writing} - {None}
    c = load_history.c
    for state in connection.execute(
        select(feedstates.c.feed, feedstates.c.brought).where(feedstates.c.brought.is_not(None))
    ).all():
        number = orjson.loads(state.brought)[0]
        manager = connection.scalar(select(c.package_manager_id).where(c.Id == number))
        if number < last and (state.feed == feed or manager in managers):
            values = update(feedstates).where(feedstates.c.feed == state.feed)
            connection.execute(values.values(brought=None))


def dropped_failures(connection: Connection) -> dict[str, int]:
    """Return how many failed loads were dropped, by feed."""
    return {feed: int(text) for feed, text in notes.named(connection, DROPPED_FAILURES).items()}
