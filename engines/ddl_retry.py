"""Run DDL that other people's transactions hold up, without holding them up for long.

A statement that waits for a table lets nobody else begin to read it meanwhile: so it gives up
after WAIT_SECONDS, lets them pass, and comes again.
https://dev.mysql.com/doc/refman/8.4/en/metadata-locking.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

WAIT_SECONDS = 2
PATIENCE_SECONDS = 1800.0
"""How long an open transaction may keep an upgrade from a table."""
PAUSE_SECONDS = 1.0
WAITED_IN_VAIN = frozenset({1205, 1213})

Result = TypeVar("Result")


def limit_waits(connection: Connection) -> None:
    """Let no statement of this connection wait longer than WAIT_SECONDS for a table."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {WAIT_SECONDS}")
        connection.commit()


def is_lock_wait(error: BaseException) -> bool:
    """Tell whether others held what a statement needed."""
    arguments: tuple[object, ...] = getattr(getattr(error, "orig", None), "args", ())
    return bool(arguments) and arguments[0] in WAITED_IN_VAIN


def patiently(connection: Connection, work: Callable[[], Result]) -> Result:
    """Return what `work` returns, done again from its start while others hold what it needs.

    Raises DBAPIError: any other one at once, that one after PATIENCE_SECONDS.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except DBAPIError as error:
            connection.rollback()
            if not is_lock_wait(error) or time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
