"""One upgrader at a time: a lease, whose table is made before anything else.

It ends by itself when its holder is killed. On one machine nobody waits for that: whoever comes
next sees that the holder's process is gone.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, inspect
from sqlalchemy.schema import CreateTable, SetColumnComment, SetTableComment

from engines import database_time, kind_of
from engines.lease import (
    Lease,
    holder_of,
    is_gone,
    is_over,
    keep,
    longest_of,
    own_name,
    release,
    take,
)
from schema.tables.reconciler import leases, marks

NAME = "upgrade"
LEASE_SECONDS = 30.0
POLL_SECONDS = 0.2


class UpgradeLocked(Exception):
    """Another upgrader has been at work for longer than we wait."""


def wait_for_upgrade(engine: Engine, wait_seconds: float) -> None:
    """Wait while another process upgrades, but no longer than that. Raises DBAPIError."""
    until = time.monotonic() + wait_seconds
    while is_upgrading(engine) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def is_upgrading(engine: Engine) -> bool:
    """Tell whether a process holds the lock that still runs, as far as this machine can tell."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(leases.name):
            return False
        last = holder_of(connection, leases, NAME)
        now, longest = database_time(connection), longest_of(LEASE_SECONDS)
        if last is None or is_over(last.endtime, now, longest):
            return False
    return not is_gone(last.holder)


@contextmanager
def upgrade_lock(engine: Engine, wait_seconds: float) -> Iterator[None]:
    """Hold the lock in the block, renewing it from a thread. Raises UpgradeLocked, DBAPIError."""
    with engine.connect() as connection:
        dialect = connection.dialect
        for statement in kind_of(connection).extensions:
            connection.exec_driver_sql(statement)
        for table in (leases, marks):
            connection.execute(CreateTable(table, if_not_exists=True))
            if dialect.supports_comments and not dialect.inline_comments:
                connection.execute(SetTableComment(table))
                for column in table.columns:
                    connection.execute(SetColumnComment(column))
        connection.commit()
    lease, until = Lease(engine, leases, NAME, own_name()), time.monotonic() + wait_seconds
    while not take(lease, LEASE_SECONDS, from_gone=True):
        if time.monotonic() > until:
            raise UpgradeLocked("another process has been upgrading the schema for too long")
        time.sleep(POLL_SECONDS)
    ended = threading.Event()

    def renew() -> None:
        # Lost to nobody: SQLite's file is locked by the work itself, which keeps others out too.
        while not keep(lease, LEASE_SECONDS, ended.wait):
            continue

    thread = threading.Thread(target=renew, name="upgrade lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        release(lease)
