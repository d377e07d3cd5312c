"""Run work in one transaction, again from its start when the database asks for that."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from engines import deadline

TRIES = 8
QUICK_SECONDS = 0.5
"""A connection lost sooner had been closed before: one more try. Later, the server hangs."""
RETRIED = {1213, 1205, 1020}
"""Deadlock; lock wait timeout; record changed since last read (MariaDB)."""

Result = TypeVar("Result")


def transact(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Return what `work` returns, once it is committed.

    A lock wait timeout undoes one statement only: going on would commit half a transaction, so
    all of it is rolled back and done again, up to TRIES times with growing random pauses, and
    while there is time (store.deadline). A pooled connection that turns out to be dead, or to
    lead to a server that became read-only, is replaced once, at once. Raises Late, DBAPIError.
    """
    replaced = False
    for attempt in range(1, TRIES + 1):
        began = time.monotonic()
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            quick = time.monotonic() - began < QUICK_SECONDS
            if error.connection_invalidated and quick and not replaced:
                replaced = True
                continue
            if error_code(error) not in RETRIED or attempt == TRIES:
                raise
            pause = random.uniform(0, min(0.5, 0.01 * 2**attempt))  # noqa: S311 - no secret
            if deadline.at_most(pause) < pause:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def error_code(error: DBAPIError) -> int | None:
    """Return the server's number of an error; None for SQLite's and for lost connections."""
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None
