"""Know SQLite, MySQL, MariaDB and PostgreSQL apart, which nobody else does: a record for each.

A URL comes in, an engine goes out; `kind_of` finds the record. A new engine is a file like
sqlite.py and its name in kind.py.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import URL, Connection, Engine, Select, Table, make_url
from sqlalchemy.exc import SQLAlchemyError

from engines.kind import Kind, Login, kind_of

__all__ = [
    "Kind",
    "connect",
    "connect_reader",
    "count_anew",
    "count_growing",
    "database_time",
    "join_in_order",
    "kind_of",
    "reading",
    "use_index",
]

INDEX_HINTS = {"mysql": "FORCE INDEX ({})", "mariadb": "FORCE INDEX ({})"}
ORDER_HINTS = {"mariadb": "STRAIGHT_JOIN"}
"""What makes a query go the way that an engine would not choose by itself; a statement has those
of all engines: where it will run may not be known when it is made."""
STATISTICS = {
    "mysql": "ANALYZE TABLE {}",
    "mariadb": "ANALYZE TABLE {}",
    "postgresql": "VACUUM (ANALYZE, TRUNCATE false) {}",
}
"""What counts a table anew at once: servers do so by themselves, some time later. PostgreSQL reads
an index alone only after a vacuum."""
GROWING = {"postgresql": "ANALYZE {}"}
"""What does so while a table is filled: PostgreSQL plans for a minute as if it were empty."""


def connect(url: str | URL, **login: Any) -> Engine:
    """Return an engine for the database at `url`, with what `Login` names.

    Nothing is opened until it is used. Make the engine after a fork: its connections must not be
    shared between processes. Raises OSError when `ssl_ca` cannot be read.
    """
    return kind_of(url).connect(make_url(url), Login(**login))


def connect_reader(url: str | URL, **login: Any) -> Engine:
    """Return an engine whose sessions cannot write, likewise."""
    return kind_of(url).connect_reader(make_url(url), Login(**login))


def reading(engine: Engine) -> Engine:
    """Return the engine for transactions that only read: they wait for no writer."""
    return engine.execution_options(reads=True)


def database_time(connection: Connection) -> datetime:
    """Return the database's time in UTC without zone: the one clock that all replicas share."""
    return kind_of(connection).now(connection)


def use_index(query: Select[Any], table: Table, index: str) -> Select[Any]:
    """Return a query that uses an index."""
    for engine, hint in INDEX_HINTS.items():
        query = query.with_hint(table, hint.format(index), engine)
    return query


def count_anew(engine: Engine, tables: Iterable[Table]) -> None:
    """Let a server know how large tables are that a great part of changed.

    It is a help only: where it may not be done, or has to wait too long, queries are slower.
    """
    run_for_each(engine, STATISTICS, tables)


def count_growing(engine: Engine, tables: Iterable[Table]) -> None:
    """Likewise while they are filled, on a server that else goes on as if they were empty."""
    run_for_each(engine, GROWING, tables)


def run_for_each(engine: Engine, statements: Mapping[str, str], tables: Iterable[Table]) -> None:
    """Run an engine's statement, if it has one, for each table."""
    statement = statements.get(kind_of(engine.url).name)
    if statement is None:
        return
    quote = engine.dialect.identifier_preparer.quote
    with suppress(SQLAlchemyError), engine.connect() as connection:
        # PostgreSQL vacuums in no transaction.
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in tables:
            connection.exec_driver_sql(statement.format(quote(table.name)))


def join_in_order(query: Select[Any]) -> Select[Any]:
    """Return a query that reads its tables in the order in which they stand."""
    for engine, hint in ORDER_HINTS.items():
        query = query.prefix_with(hint, dialect=engine)
    return query
