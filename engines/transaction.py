"""Do work again: a transaction that the database undid, DDL that others held up."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from engines import deadline, faults

TRIES = 16
"""With 8, one of four writers on the same rows ended in a deadlock now and then: MariaDB chose it
each time."""
QUICK_SECONDS = 0.5
"""A connection lost sooner had been closed before: one more try. Later, the server hangs."""
DDL_SECONDS = 1800.0
"""How long an open transaction may keep an upgrade from a table."""
DDL_PAUSE_SECONDS = 1.0

Result = TypeVar("Result")


class Failure(NamedTuple):
    """An error, the number of the try that it ended, and the seconds that one took."""

    error: Exception
    tries: int
    seconds: float


def retry(
    work: Callable[[], Result],
    errors: type[Exception] | tuple[type[Exception], ...],
    pause_after: Callable[[Failure], float | None],
    wait: Callable[[float], object] = time.sleep,
) -> Result:
    """Return what `work` returns, done again after the seconds that `pause_after` says.

    Raises the error where it says None, and all other errors at once.
    """
    tries = 0
    while True:
        tries, began = tries + 1, time.monotonic()
        try:
            return work()
        except errors as error:
            pause = pause_after(Failure(error, tries, time.monotonic() - began))
            if pause is None:
                raise
        wait(pause)


def transact(
    engine: Engine,
    work: Callable[[Connection], Result],
    committed: Callable[[Result], object] | None = None,
) -> Result:
    """Return what `work` returns, once it is committed.

    `committed` is told it as soon as it is, before the connection is given back: who waits for the
    one need not wait for the other.

    A lock wait timeout undoes one statement only: going on would commit half a transaction, so
    all of it is rolled back and done again, up to TRIES times with growing random pauses, and
    while there is time (engines/deadline.py). A pooled connection that turns out to be dead, or to
    lead to a server that became read-only, is replaced once, at once. Raises Late, DBAPIError: the
    last one of locks, too, where the deadline cut the try after it, for the server is well.
    """
    replaced, locked = False, None

    def attempt() -> Result:
        with engine.connect() as connection:
            with connection.begin():
                result = work(connection)
            if committed is not None:
                committed(result)
        return result

    def pause_after(failure: Failure) -> float | None:
        nonlocal replaced, locked
        is_lost = getattr(failure.error, "connection_invalidated", False)
        if is_lost and failure.seconds < QUICK_SECONDS and not replaced:
            replaced = True
            return 0.0
        if faults.fault(failure.error) != faults.LOCKS:
            return None
        locked = failure.error
        if failure.tries == TRIES:
            return None
        pause = random.uniform(0, min(0.5, 0.01 * 2**failure.tries))  # noqa: S311 - no secret
        return None if deadline.at_most(pause) < pause else pause

    try:
        return retry(attempt, DBAPIError, pause_after)
    except SQLAlchemyError as error:
        if locked is None or not deadline.is_over() or faults.fault(error) != faults.CONNECTION:
            raise
        raise locked from None


def write_first(engine: Engine, work: Callable[[Connection], Result]) -> Callable[[], Result]:
    """Do work in a transaction; return what commits it, and then returns what `work` returned.

    That may be called in another thread. Where anything fails it is all done again, by `transact`.
    Raises as that does, and so does what is returned.
    """
    connection = engine.connect()
    try:
        transaction = connection.begin()
        result = work(connection)
    except DBAPIError as error:
        connection.close()
        if isinstance(error, IntegrityError):
            raise  # as `transact` does: it would be refused again
        again = transact(engine, work)
        return lambda: again
    except BaseException:
        connection.close()
        raise

    def commit() -> Result:
        try:
            with connection, transaction:  # whose end commits it, or lets the pool undo it
                return result
        except DBAPIError:
            return transact(engine, work)

    return commit


def retry_ddl(connection: Connection, work: Callable[[], Result]) -> Result:
    """Return what `work` returns, done again from its start while others hold what it needs.

    Raises DBAPIError: any other one at once, that one after DDL_SECONDS.
    """
    until = time.monotonic() + DDL_SECONDS

    def pause_after(failure: Failure) -> float | None:
        connection.rollback()
        if faults.fault(failure.error) != faults.LOCKS or time.monotonic() > until:
            return None
        return DDL_PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

    return retry(work, DBAPIError, pause_after)
