"""Work that one process at a time may do, over all replicas: expiring rows, one clock.

A holder takes its lease again before it ends; one that dies is followed by another as soon as
the lease has ended. A holder that was frozen may go on for a moment after that: rows converge,
so what two write at once does no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, or_, select, update

from engines.mysql import database_time
from engines.transaction import transact
from schema.tables.reconciler import leases
from store.write.upsert import insert_or

NEVER = datetime(1970, 1, 1)


class Held(NamedTuple):
    """Who holds a lease until when, on the database's clock in UTC without zone."""

    holder: str | None
    endtime: datetime


def take(engine: Engine, name: str, holder: str, seconds: float) -> bool:
    """Take a lease, or keep it for longer; False while another holder's has not ended.

    Raises DBAPIError when the database fails: then the lease is not held beyond its end.
    """

    def work(connection: Connection) -> bool:
        now = database_time(connection)
        if held(connection, name) is None:
            rows = [{"name": name, "holder": None, "endtime": NEVER}]
            dialect = connection.dialect.name
            kept = insert_or(dialect, leases, lambda new: [("endtime", leases.c.endtime)])
            connection.execute(kept, rows)
        free = or_(leases.c.holder == holder, leases.c.endtime <= now)
        values = {"holder": holder, "endtime": now + timedelta(seconds=seconds)}
        taken = update(leases).where(leases.c.name == name, free).values(values)
        return bool(connection.execute(taken).rowcount)

    return transact(engine, work)


def release(engine: Engine, name: str, holder: str) -> None:
    """Give a lease up, so that another need not wait for its end; one of another's stays."""

    def work(connection: Connection) -> None:
        mine = (leases.c.name == name, leases.c.holder == holder)
        ended = {"holder": None, "endtime": NEVER}
        connection.execute(update(leases).where(*mine).values(ended))

    transact(engine, work)


def held(connection: Connection, name: str) -> Held | None:
    """Return who holds a lease, or held it last; None where nobody ever did."""
    query = select(leases.c.holder, leases.c.endtime).where(leases.c.name == name)
    row = connection.execute(query).first()
    return None if row is None else Held(*row)
