"""One upgrader at a time: a row of `leases`, which is made before anything else.

The lease ends by itself when its holder is killed. On one machine nobody waits for that: whoever
comes next sees that the holder's process is gone.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, or_, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.schema import CreateTable

from schema.tables.reconciler import leases, marks

NAME = "upgrade"
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 8.0
POLL_SECONDS = 0.2
LONG_AGO = datetime(2000, 1, 1)


class Taken(Exception):
    """Another upgrader has been at work for longer than we wait."""


def holder_name() -> str:
    """Return who we are: host, process and a random part."""
    return f"{socket.gethostname()[:200]}/{os.getpid()}/{secrets.token_hex(8)}"


def is_gone(holder: str | None) -> bool:
    """Tell whether a holder was a process of this machine that does not run any more."""
    host, _, rest = (holder or "").partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname()[:200] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def prepare(connection: Connection) -> None:
    """Make the tables that an upgrade itself needs, and the row to take turns by."""
    for table in (leases, marks):
        connection.execute(CreateTable(table, if_not_exists=True))
    connection.commit()
    if connection.execute(select(leases.c.Id).where(leases.c.name == NAME)).first() is None:
        try:
            connection.execute(leases.insert().values(name=NAME, endtime=LONG_AGO))
        except IntegrityError:  # another was quicker
            connection.rollback()
    connection.commit()


def now(connection: Connection) -> datetime:
    """Return the database's time in UTC without zone."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC).replace(tzinfo=None)
    found: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return found


def take(connection: Connection, holder: str) -> bool:
    """Take the lease if it is free, ours, or of a process that is gone."""
    time_now = now(connection)
    row = connection.execute(select(leases.c.holder).where(leases.c.name == NAME)).one()
    free = [leases.c.endtime < time_now, leases.c.holder == holder]
    if is_gone(row.holder):
        free.append(leases.c.holder == row.holder)
    taking = update(leases).where(leases.c.name == NAME, or_(*free))
    done = connection.execute(taking.values(holder=holder, endtime=time_now + LEASE))
    connection.commit()
    return done.rowcount == 1


def release(connection: Connection, holder: str) -> None:
    """Give the lease back, if it is still ours."""
    ours = update(leases).where(leases.c.name == NAME, leases.c.holder == holder)
    connection.execute(ours.values(holder=None, endtime=LONG_AGO))
    connection.commit()


@contextmanager
def taken(engine: Engine, patience: float) -> Iterator[None]:
    """Hold the lease in the block, renewing it from a thread. Raises Taken, DBAPIError."""
    holder, until = holder_name(), time.monotonic() + patience
    with engine.connect() as connection:
        prepare(connection)
        while not take(connection, holder):
            if time.monotonic() > until:
                raise Taken("another process has been upgrading the schema for too long")
            time.sleep(POLL_SECONDS)
    ended = threading.Event()
    thread = threading.Thread(target=renew, args=(engine, holder, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with engine.connect() as connection:
            release(connection, holder)


def renew(engine: Engine, holder: str, ended: threading.Event) -> None:
    """Keep the lease alive until the end."""
    while not ended.wait(RENEW_SECONDS):
        try:
            with engine.connect() as connection:
                take(connection, holder)
        except DBAPIError:
            continue  # SQLite's file is locked by the work itself, which keeps others out too
