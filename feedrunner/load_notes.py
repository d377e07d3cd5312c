"""What is noted of a feed: how its loads went, its last state, and what a whole load brought."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from engines.transaction import Failure, retry, transact
from feedrunner.comparing.brought import Brought, read_brought
from feedrunner.messages import Allowed
from feedrunner.writing.known_rows import manager_id
from schema.tables import packages as tables
from store.feeds.past_loads import KILLED, RUNNING
from store.write.upsert import put_rows

TRIES = 8
"""Of rows that several feeds of a registry write at once, into one that is new above all."""
Result = TypeVar("Result")


class Load(NamedTuple):
    """A load that runs: its number, its feed, and the registry that its rows are of.

    One that is tried only has the number 0, and the store that it is tried for.
    """

    number: int
    feed: str
    manager: str | None
    now: datetime
    tried_for: Engine | None = None


def begin_load(engine: Engine, feed: str, manager: str | None, now: datetime) -> Load:
    """Note that a load begins; ones of this feed that never ended were killed."""
    table = tables.load_history

    def work(connection: Connection) -> int:
        killed = update(table).where(table.c.feed == feed, table.c.state == RUNNING)
        connection.execute(killed.values(state="failed", endtime=now, error=KILLED))
        connection.execute(
            insert(table),
            [
                {
                    "feed": feed,
                    "starttime": now,
                    "state": RUNNING,
                    "created_at": now,
                    "updated_at": now,
                    "package_manager_id": manager and manager_id(connection, manager, now),
                }
            ],
        )
        query = select(func.max(table.c.Id)).where(table.c.feed == feed)
        return int(connection.scalar(query) or 0)

    number = beside_others(lambda: transact(engine, work))
    return Load(number, feed, manager, now)


def beside_others(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, done again where another feed wrote the same rows meanwhile.

    Raises IntegrityError where that does not help.
    """

    def pause_after(failure: Failure) -> float | None:
        is_last = failure.tries == TRIES
        return None if is_last else random.uniform(0, 0.05 * failure.tries)  # noqa: S311 - no secret

    return retry(work, IntegrityError, pause_after)


def end_load(
    engine: Engine, load: Load, values: dict[str, Any], brought: Brought | None = None
) -> None:
    """Note how a load ended, and what it brought where that was new and whole."""
    table = tables.load_history
    ended = update(table).where(table.c.Id == load.number)

    def work(connection: Connection) -> None:
        connection.execute(ended.values(values))
        if brought is None:
            return
        put_state(connection, load.feed, {"load_id": load.number, "brought": brought.text()})

    transact(engine, work)


def note_next(engine: Engine, feed: str, values: dict[str, Any]) -> None:
    """Note when a feed is due next, and by which settings its program was not set up."""
    transact(engine, lambda connection: put_state(connection, feed, values))


def put_state(connection: Connection, feed: str, values: dict[str, Any]) -> None:
    """Write what is noted of a feed; what is not given stays."""
    row = {"feed": feed, **values}
    row.setdefault("state", last_state(connection, feed))
    put_rows(connection, tables.feedstates, [row])


def last_brought(connection: Connection, load: Load, allowed: Allowed) -> Brought | None:
    """Return what the last whole load brought, None where rows of it were written since."""
    table, states = tables.load_history, tables.feedstates
    text = connection.scalar(select(states.c.brought).where(states.c.feed == load.feed))
    last = read_brought(text, allowed)
    if last is None:
        return None
    manager = select(table.c.package_manager_id).where(table.c.Id == last.load).scalar_subquery()
    wrote = select(table.c.Id).where(
        table.c.Id > last.load,
        or_(table.c.feed == load.feed, table.c.package_manager_id == manager),
        or_(table.c.changed.is_(None), table.c.changed > 0, table.c.gone > 0),
    )
    return last if connection.scalar(wrote.limit(1)) is None else None


def last_state(connection: Connection, feed: str) -> str:
    """Return the state of a feed as JSON, an empty object at first."""
    table = tables.feedstates
    return connection.scalar(select(table.c.state).where(table.c.feed == feed)) or "{}"
