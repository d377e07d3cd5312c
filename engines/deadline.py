"""A moment that everything a request asks of the database obeys: sockets, statements, retries.

GitHub gives up after 10 seconds. Each single wait has its own limit (engines/kind.py), but several
of them in a row would add up; `within` bounds their sum.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from engines.kind import kind_of

ENDS: ContextVar[float | None] = ContextVar("ends", default=None)
STEP = 0.25
"""Seconds between two time limits of a socket."""
LEAST = 0.2
"""Seconds that a last read or write gets: a rollback, on a server that is well."""


class Late(SQLAlchemyError):
    """The time for a piece of work is over; nothing of its transaction was committed."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give all database work of this thread in the block so many seconds; the sooner end wins."""
    ends, outer = time.monotonic() + seconds, ENDS.get()
    token = ENDS.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        ENDS.reset(token)


def left() -> float | None:
    """Return the seconds left, negative when it is too late; None without a deadline."""
    ends = ENDS.get()
    return None if ends is None else ends - time.monotonic()


def at_most(seconds: float) -> float:
    """Return how long one wait may take: `seconds`, or less when the end is nearer."""
    rest = left()
    return seconds if rest is None else min(seconds, max(rest, LEAST))


def in_steps(seconds: float) -> float:
    """Return a time that is longer by less than STEP, and changes rarely."""
    return math.ceil(seconds / STEP) * STEP


def watch(engine: Engine) -> None:
    """Let every statement of an engine raise Late when its time is over."""
    event.listen(engine, "before_cursor_execute", refuse_late)


def announce(connection: Connection, statement: str, values: Any, *, is_many: bool) -> None:
    """Tell whoever watches statements, as `watch` does, of one that SQLAlchemy does not run."""
    for hook in connection.dispatch.before_cursor_execute:
        hook(connection, None, statement, values, None, is_many)


def is_over() -> bool:
    """Tell whether there was a deadline, and it is past."""
    rest = left()
    return rest is not None and rest <= 0


def refuse_late(*_: Any) -> None:
    """Raise Late instead of beginning another statement."""
    if is_over():
        raise Late("the database took too long")


@contextmanager
def limited(connection: Connection, seconds: float, after: float) -> Iterator[None]:
    """End each statement of the block after so many seconds, those after it after the others."""
    kind = kind_of(connection)
    if not kind.limit(seconds):
        with within(seconds):
            yield
        return
    if kind.ends_with_an_error:
        with connection.begin_nested():  # what follows an error goes on from here
            connection.exec_driver_sql(kind.limit(seconds))
            yield
            connection.exec_driver_sql(kind.limit(after))
        return
    connection.exec_driver_sql(kind.limit(seconds))
    try:
        yield
    finally:
        connection.exec_driver_sql(kind.limit(after))
