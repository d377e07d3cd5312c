"""Know SQLite, MySQL, MariaDB and PostgreSQL apart, which nobody else does: a record for each.

A URL comes in, an engine goes out; `kind_of` finds the record. A new engine is a file like
sqlite.py and its name below.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import URL, Connection, Engine, Select, Table, make_url

from engines.kind import KINDS, Kind, Login, kind_of
from engines.mysql import MARIADB, MYSQL
from engines.postgresql import POSTGRESQL
from engines.sqlite import SQLITE

__all__ = [
    "Kind",
    "connect",
    "connect_reader",
    "database_time",
    "join_in_order",
    "kind_of",
    "reading",
    "use_index",
]

KINDS.update({kind.name: kind for kind in (SQLITE, MYSQL, MARIADB, POSTGRESQL)})


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
    """Return a query that uses an index, where an engine would not choose it by itself."""
    for kind in KINDS.values():
        if kind.index_hint:
            query = query.with_hint(table, kind.index_hint.format(index), kind.name)
    return query


def join_in_order(query: Select[Any]) -> Select[Any]:
    """Return a query that reads its tables in the order in which they stand, where that helps."""
    for kind in KINDS.values():
        if kind.order_hint:
            query = query.prefix_with(kind.order_hint, dialect=kind.name)
    return query
