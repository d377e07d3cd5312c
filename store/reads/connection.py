"""Connections that only read: for the pages, which must not be able to change a row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from config.settings import Settings
from engines import deadline, faults
from engines.mysql import CONNECT_SECONDS
from schema.migrate import CONFIG
from store.open import READ, open_engine

STATEMENT_SECONDS = READ.seconds
STEPS = 20_000  # of SQLite's machine between two looks at the clock: some milliseconds
CUT = ((3024,), (1969,))
"""ER_QUERY_TIMEOUT of MySQL and ER_STATEMENT_TIMEOUT of MariaDB."""


def open_reader(settings: Settings) -> Engine:
    """Return an engine for DATABASE_READ_URL whose sessions cannot write.

    Nothing is opened until it is used, and an SQLite file is never made. Every request's own
    limit is `engines.deadline.within`. Raises CannotStart.
    """
    place = make_url(settings.database_read_url)
    if place.get_backend_name() == "sqlite":
        return open_sqlite(Path(place.database or ""))
    engine = open_engine(settings, READ)
    event.listen(engine, "connect", make_read_only)
    # A page's figures come from one moment, however many statements it takes.
    return engine.execution_options(isolation_level="REPEATABLE READ")


def make_read_only(connection: Any, _: Any) -> None:
    """Let a MySQL or MariaDB session refuse writes and stop statements that take too long."""
    cursor = connection.cursor()
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute(limit("MariaDB" in connection.get_server_info(), STATEMENT_SECONDS))
    cursor.close()


def limit(is_mariadb: bool, seconds: float) -> str:
    """Return the statement after which those of a session end after so many seconds.

    https://dev.mysql.com/doc/refman/9.4/en/server-system-variables.html#sysvar_max_execution_time
    https://mariadb.com/docs/server/ha-and-performance/optimization-and-tuning/query-optimizations/aborting-statements
    """
    if is_mariadb:
        return f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}"  # 0 is no limit
    return f"SET SESSION max_execution_time = {max(round(seconds * 1000), 1)}"


class TooLong(Exception):
    """A statement was ended because its time was over; the connection is as good as before."""


@contextmanager
def quick(connection: Connection, seconds: float) -> Iterator[None]:
    """End each statement of the block after so many seconds. Raises TooLong."""
    is_sqlite = connection.dialect.name == "sqlite"
    try:
        if is_sqlite:
            with deadline.within(seconds):
                yield
        else:
            is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
            connection.exec_driver_sql(limit(is_mariadb, seconds))
            try:
                yield
            finally:
                connection.exec_driver_sql(limit(is_mariadb, STATEMENT_SECONDS))
    except (deadline.Late, OperationalError) as error:
        if is_sqlite and (rest := deadline.left()) is not None and rest <= 0:
            raise  # the time of the whole request is over
        if isinstance(error, deadline.Late) or is_cut(error):
            raise TooLong from error
        raise


def is_cut(error: DBAPIError) -> bool:
    """Tell whether a statement was ended for taking too long."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return str(error.orig) == "interrupted"
    return error.orig is not None and error.orig.args[:1] in CUT


def open_sqlite(file: Path) -> Engine:
    """Return an engine for an SQLite file that may be missing, be made later, or be replaced."""
    address = f"file:{quote(str(file.absolute()))}?mode=ro"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address,
            uri=True,
            timeout=CONNECT_SECONDS,
            isolation_level=None,
        )
        connection.set_progress_handler(is_late, STEPS)
        return connection

    # Not pooled: an open connection would go on reading a file that was replaced.
    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)
    # One moment for all statements of a page: SQLite's snapshot begins with the first of them.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    deadline.watch(engine)
    return engine


def is_late() -> int:
    """Tell SQLite whether to give a statement up."""
    rest = deadline.left()
    return int(rest is not None and rest <= 0)


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
    if isinstance(error.orig, sqlite3.OperationalError):
        return str(error.orig).startswith(("no such table", "unable to open database file"))
    return "alembic_version" in str(error.orig) and faults.kind(error) == faults.ACCESS
