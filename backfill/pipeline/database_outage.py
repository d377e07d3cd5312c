"""A database that is away, for a restart or a failover, is waited for."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from engines import faults, kind_of
from engines.transaction import Failure, retry

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
        ends, was_away = time.monotonic() + SECONDS, False

        def attempt() -> Result:
            nonlocal was_away
            was_away = self.is_away
            return work()

        def pause_after(failure: Failure) -> float | None:
            is_lasting = faults.fault(failure.error) in (faults.DATA, faults.ACCESS)
            if is_lasting or time.monotonic() > ends or self.over.is_set():
                return None
            self.say_change(faults.cause(failure.error))
            return min(FIRST_PAUSE * 2.0 ** (failure.tries - 1), LONGEST_PAUSE)

        result = retry(
            attempt, (*faults.of_drivers(), SQLAlchemyError), pause_after, self.over.wait
        )
        if was_away:  # else it may have been done before the database went away
            self.say_change(None)
        return result

    def say_change(self, cause: str | None) -> None:
        """Say that the database is away, and that it is back, once each."""
        with self.telling:
            if self.is_away == (cause is not None):
                return
            self.is_away = cause is not None
            self.say(f"waiting for the database: {cause}" if cause else "the database is back")


def wait_for_connections(engine: Engine, patience: OutageRetry) -> None:
    """Let new connections to a server be waited for, whoever needs one."""
    kind_of(engine).wait_for_connections(engine, patience.until_done)
