"""Connections that only read: for the pages, which must not be able to change a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from config.settings import Settings
from engines import deadline, faults
from schema.migrate import CONFIG
from store.open import READ, open_engine

STATEMENT_SECONDS = READ.seconds


def open_reader(settings: Settings) -> Engine:
    """Return an engine for DATABASE_READ_URL whose sessions cannot write.

    Nothing is opened until it is used, and an SQLite file is never made. Every request's own
    limit is `engines.deadline.within`. Raises CannotStart.
    """
    return open_engine(settings, READ)


class TooLong(Exception):
    """A statement was ended because its time was over; the connection is as good as before."""


@contextmanager
def quick(connection: Connection, seconds: float) -> Iterator[None]:
    """End each statement of the block after so many seconds. Raises TooLong."""
    try:
        with deadline.limited(connection, seconds, STATEMENT_SECONDS):
            yield
    except (deadline.Late, OperationalError) as error:
        if (rest := deadline.left()) is not None and rest <= 0:
            raise  # the time of the whole request is over
        if isinstance(error, deadline.Late) or faults.fault(error) == faults.CUT:
            raise TooLong from error
        raise


def schema_state(connection: Connection) -> str:
    """Return `empty`, `current`, `older` or `newer`, with one statement.

    `schema.migrate.state` asks more of the database than each page should. Raises DBAPIError, one
    that `is_missing` where there is no store yet.
    """
    query = select(text("version_num")).select_from(text("alembic_version"))
    revision = connection.execute(query).scalar()
    if revision is None:
        return "empty"
    newest, *earlier = revisions()
    if revision == newest:
        return "current"
    return "older" if revision in earlier else "newer"


@cache
def revisions() -> tuple[str, ...]:
    """Return the schema's revisions that this code knows, the newest first."""
    return tuple(one.revision for one in ScriptDirectory.from_config(CONFIG).walk_revisions())


def is_missing(error: DBAPIError) -> bool:
    """Tell whether a store's first table is not there, or for SQLite not even the file."""
    return faults.is_missing(error, "alembic_version")
