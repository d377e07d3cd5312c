"""A database that is away, for a restart or a failover, is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pymysql
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from engines import deadline, faults

SECONDS = 600.0
"""How long the database may be away."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0

Result = TypeVar("Result")


class OutageRetry:
    """Does work again, after growing pauses, while the database is away; `say` is told of it.

    Once `over` is set nothing is waited for any more.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.over = threading.Event()
        self.is_away = False
        self.telling = threading.Lock()

    def until_done(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns. Raises what it raises when time does not heal it."""
        pause, ends = FIRST_PAUSE, time.monotonic() + SECONDS
        while True:
            was_away = self.is_away
            try:
                result = work()
            except (SQLAlchemyError, pymysql.Error) as error:
                if time.monotonic() > ends or self.over.is_set() or not may_pass(error):
                    raise
                self.tell(faults.cause(error))
            else:
                if was_away:  # else it may have been done before the database went away
                    self.tell(None)
                return result
            self.over.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def tell(self, cause: str | None) -> None:
        """Say that the database is away, and that it is back, once each."""
        with self.telling:
            if self.is_away == (cause is not None):
                return
            self.is_away = cause is not None
            self.say(f"waiting for the database: {cause}" if cause else "the database is back")


def may_pass(error: SQLAlchemyError | pymysql.Error) -> bool:
    """Tell whether an error is one that time can heal."""
    if isinstance(error, SQLAlchemyError):
        return faults.kind(error) not in (faults.DATA, faults.ACCESS)
    return error.args[0] not in faults.ACCESS_CODES


def wait_for_connections(engine: Engine, patience: OutageRetry) -> None:
    """Let new connections to a server be waited for, whoever needs one."""
    if engine.dialect.name == "sqlite":
        return

    def connect(*arguments: Any) -> Any:
        return patience.until_done(lambda: deadline.connect(*arguments))

    # The first that connects is the last that is asked, and SQLAlchemy puts none before another.
    event.remove(engine, "do_connect", deadline.connect)
    event.listen(engine, "do_connect", connect)
