"""Whose turn it is to write to an SQLite file: of those who wait, not of who had it just now.

SQLite looks only every 100 ms whether the lock is free. Among writers that follow each other
closely it never finds it so: who has just committed takes it again. Here it is tried every few
milliseconds, by one at a time: the next, who holds a lock on a file beside the database meanwhile.
Who comes back finds that one taken, and waits with the others to be the next.
"""

import fcntl
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SUFFIX = "-turn"
"""Of the file whose lock the next writer holds; it stays empty."""


def begin(connection: Any) -> None:
    """Take the write lock at once, unless the connection only reads.

    A transaction that read before another committed fails when it starts to write, whatever the
    busy timeout.
    """
    if connection.get_execution_options().get("reads", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw = connection.connection.driver_connection
    (wait,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 0")
    until = time.monotonic() + wait / 1000
    try:
        with opened(connection.engine.url.database) as turn:
            while not has_begun(raw, turn) and time.monotonic() < until:
                time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311 - no secret
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # again, for its error
    finally:
        raw.execute(f"PRAGMA busy_timeout = {wait}")


@contextmanager
def opened(database: str | None) -> Iterator[int | None]:
    """Give the number of the file beside a database, None for one in memory.

    Also where it cannot be opened, as on a full disk: turns are less fair then, and that is all.
    """
    number = None
    if database and database != ":memory:":
        try:
            number = os.open(f"{database}{SUFFIX}", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            number = None
    try:
        yield number
    finally:
        if number is not None:
            os.close(number)


def has_begun(raw: sqlite3.Connection, turn: int | None) -> bool:
    """Try to become the next writer, and to take the write lock; tell False while others do."""
    try:
        if turn is not None:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raw.execute("BEGIN IMMEDIATE")
    except BlockingIOError:
        return False
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    return True
