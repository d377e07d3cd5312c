"""What a page asks of its connection: how old the schema is, and an end to long statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from engines import deadline, faults
from schema.migrate import age_of
from store.open import READ

STATEMENT_SECONDS = READ.seconds


class StatementTimeout(Exception):
    """A statement was ended because its time was over; the connection is as good as before."""


@contextmanager
def limit_time(connection: Connection, seconds: float) -> Iterator[None]:
    """End each statement of the block after so many seconds. Raises StatementTimeout."""
    try:
        with deadline.limited(connection, seconds, STATEMENT_SECONDS):
            yield
    except (deadline.Late, OperationalError) as error:
        if (rest := deadline.left()) is not None and rest <= 0:
            raise  # the time of the whole request is over
        if isinstance(error, deadline.Late) or faults.fault(error) == faults.CUT:
            raise StatementTimeout from error
        raise


def schema_state(connection: Connection) -> str:
    """Return `empty`, `current`, `older` or `newer`, with one statement.

    `schema.migrate.state` asks more of the database than each page should. Raises DBAPIError, one
    that `is_missing` where there is no store yet.
    """
    query = select(text("version_num")).select_from(text("alembic_version"))
    revision = connection.execute(query).scalar()
    return "empty" if revision is None else age_of(revision)


def is_missing(error: DBAPIError) -> bool:
    """Tell whether a store's first table is not there, or for SQLite not even the file."""
    return faults.is_missing(error, "alembic_version")
