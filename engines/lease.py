"""Work that one process at a time may do, over all replicas: expiring rows, one clock.

A holder takes its lease again before it ends; one that dies is followed by another as soon as
the lease has ended. A holder that was frozen may go on for a moment after that: rows converge,
so what two write at once does no harm.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from engines import database_time, kind_of
from engines.transaction import transact

NEVER = datetime(1970, 1, 1)
HEARTBEAT_SECONDS = 0.5


class Lease(NamedTuple):
    """A row of a table of leases, by its name, and who asks for it."""

    engine: Engine
    table: Table
    name: str
    holder: str


class LeaseHolder(NamedTuple):
    """Who holds a lease until when, on the database's clock in UTC without zone."""

    holder: str | None
    endtime: datetime


def is_over(time: datetime, now: datetime, longest: timedelta) -> bool:
    """Tell whether a stored time has come that was at most `longest` ahead when it was set.

    One that is further ahead is of a clock that was wrong, and void.
    """
    return not now < time <= now + longest


def longest_of(seconds: float) -> timedelta:
    """Return how far ahead a lease may end: another may have looked at the clock after us."""
    return timedelta(seconds=2 * seconds)


def own_name() -> str:
    """Return a name that no other process has: host, process and a random part."""
    return f"{socket.gethostname()[:200]} {os.getpid()} {secrets.token_hex(4)}"


def is_gone(holder: str | None) -> bool:
    """Tell whether a holder was a process of this machine that does not run any more."""
    host, _, rest = (holder or "").partition(" ")
    pid = rest.partition(" ")[0]
    if host != socket.gethostname()[:200] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def holder_of(connection: Connection, table: Table, name: str) -> LeaseHolder | None:
    """Return who holds a lease, or held it last; None where nobody ever did."""
    query = select(table.c.holder, table.c.endtime).where(table.c.name == name)
    row = connection.execute(query).first()
    return None if row is None else LeaseHolder(*row)


def take(lease: Lease, seconds: float, *, from_gone: bool = False) -> bool:
    """Take a lease, or keep it for longer; False while another holder's has not ended.

    One that ends later than any of these `seconds` can is void: a clock was wrong.
    With `from_gone` that of a process of this machine that is gone has ended. Raises DBAPIError
    when the database fails: then the lease is not held beyond its end.
    """
    table = lease.table

    def work(connection: Connection) -> bool:
        now = database_time(connection)
        last = holder_of(connection, table, lease.name)
        if last is None:
            new = kind_of(connection).insert_or(
                table, ["name"], lambda _: [("endtime", table.c.endtime)]
            )
            connection.execute(new, [{"name": lease.name, "holder": None, "endtime": NEVER}])
        is_void = table.c.endtime > now + longest_of(seconds)
        free = [table.c.holder == lease.holder, table.c.endtime <= now, is_void]
        if from_gone and last is not None and is_gone(last.holder):
            free.append(table.c.holder == last.holder)
        values = {"holder": lease.holder, "endtime": now + timedelta(seconds=seconds)}
        taking = update(table).where(table.c.name == lease.name, or_(*free)).values(values)
        return bool(connection.execute(taking).rowcount)

    return transact(lease.engine, work)


def keep(lease: Lease, seconds: float, is_over: Callable[[float], bool]) -> bool:
    """Take a lease again and again until `is_over`, which waits; False once it is lost."""
    until = time.monotonic() + seconds
    while not is_over(HEARTBEAT_SECONDS):
        began = time.monotonic()
        if until - began > seconds * 2 / 3:
            continue
        try:
            if not take(lease, seconds):
                return False
            until = began + seconds
        except SQLAlchemyError:
            if time.monotonic() >= until:
                return False
    return True


def release(lease: Lease) -> None:
    """Give a lease up, so that another need not wait for its end; one of another's stays."""
    table = lease.table
    ours = update(table).where(table.c.name == lease.name, table.c.holder == lease.holder)
    ended = ours.values({"holder": None, "endtime": NEVER})
    transact(lease.engine, lambda connection: connection.execute(ended))
