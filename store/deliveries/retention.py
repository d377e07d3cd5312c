"""Drop raw deliveries that are no longer needed, a few at a time.

Clocks may be wrong, the order of reception is not: a delivery is old when it was received before
the first one that is not. One whose time has not come yet is as old as the next after it, one from
before a leap of the clock as old as the leap at most, and the newest reception says how late it is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select

from engines import database_time, reading
from engines.transaction import transact
from rows.version import AHEAD
from schema.tables.deliveries import deliveries
from store.deliveries import body
from store.deliveries.table import APPLIED, IGNORED

BATCH = 500
STATES = (APPLIED, IGNORED)
"""What is quarantined waits for a person, however long that takes."""


def drop(
    engine: Engine,
    days: int,
    now: datetime | None = None,
    leaps: Sequence[tuple[int, datetime]] = (),
) -> int:
    """Delete a batch of deliveries that were received more than `days` ago; return how many.

    `now` is the database's time (UTC without zone), which is asked for where it is not given;
    `leaps` of its clock are the last delivery before each, by Id, and the time after it.
    """
    # Looked for without a lock: most of the time there is none.
    with reading(engine).connect() as connection:
        now = now or database_time(connection)
        rows = list_old(connection, timedelta(days=days), now, leaps)
    if not rows:
        return 0
    numbers = [row.Id for row in rows]

    def work(connection: Connection) -> int:
        body.drop_parts(connection, [(row.provider, row.guid) for row in rows])
        connection.execute(delete(deliveries).where(deliveries.c.Id.in_(numbers)))
        return len(numbers)

    return transact(engine, work)


def list_old(
    connection: Connection, age: timedelta, now: datetime, leaps: Sequence[tuple[int, datetime]]
) -> list[Row[Any]]:
    """Return the first deliveries that may be dropped, at most a batch."""
    received = deliveries.c.receivetime
    newest = connection.scalar(select(func.max(received)).where(received <= now + AHEAD))
    old, undecided = list[Row[Any]](), list[Row[Any]]()
    for row in in_order(connection):
        if row.receivetime > now + AHEAD:
            undecided.append(row)
            continue
        leapt = next((time for number, time in leaps if row.Id <= number), row.receivetime)
        if newest is None or max(leapt, row.receivetime) >= min(now, newest) - age:
            break
        old += [*undecided, row]
        undecided = []
        if len(old) >= BATCH:
            break
    return old[:BATCH]


def in_order(connection: Connection) -> Iterator[Row[Any]]:
    """Yield the deliveries that may be dropped one day, as they came, without their bodies."""
    row, after = deliveries.c, 0
    while True:
        # Not by their state: its index would be read to the end, and sorted.
        query: Select[Any] = select(row.Id, row.provider, row.guid, row.state, row.receivetime)
        page = connection.execute(query.where(row.Id > after).order_by(row.Id).limit(BATCH)).all()
        yield from (one for one in page if one.state in STATES)
        if len(page) < BATCH:
            return
        after = page[-1].Id
