"""Fresh databases on the four engines, and which engines a session could have."""

import itertools
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests import leftovers, servers

EARLIER = ("sqlite", "mariadb", "mysql")
"""The engines of earlier installations."""
ENGINES = (*EARLIER, "postgresql")
# May name a server that runs already.
RUNNING = {"mariadb": "MARIADB_URL", "mysql": "MYSQL_URL", "postgresql": "POSTGRESQL_URL"}
DRIVERS = {"mariadb": "mysql+pymysql", "mysql": "mysql+pymysql", "postgresql": "postgresql+psycopg"}
# PostgreSQL has no connection without a database.
ROOTS = {"mariadb": None, "mysql": None, "postgresql": "postgres"}
MADE_WITH = {
    **dict.fromkeys(("mariadb", "mysql"), "CHARACTER SET utf8mb4"),
    "postgresql": "TEMPLATE template0 ENCODING 'UTF8'",
}
_roots: dict[str, str] = {}
_engines: dict[str, sa.Engine] = {}


def why_absent(engine: str) -> str | None:
    """Say why this session cannot have the engine; None when it can."""
    if engine == "sqlite" or os.environ.get(RUNNING[engine]):
        return None
    reason = servers.why_absent(engine)
    return f"{reason}, no {RUNNING[engine]}" if reason else None


def root_url(engine: str) -> str:
    """Give the session's server as a URL without a database; the first call starts it."""
    if engine not in _roots:
        _roots[engine] = _running(engine) or _started(engine)
    return _roots[engine]


def _running(engine: str) -> str | None:
    text = os.environ.get(RUNNING[engine])
    if not text:
        return None
    url = sa.make_url(text).set(drivername=DRIVERS[engine], database=ROOTS[engine])
    return url.render_as_string(hide_password=False)


def _started(engine: str) -> str:
    directory = leftovers.session_dir() / engine
    return servers.START[engine](directory, servers.free_port()).url


@cache
def version(engine: str) -> str:
    """Give the version as the server reports it, without its build's suffix."""
    if engine == "sqlite":
        return sqlite3.sqlite_version
    with _connected(root_url(engine)) as connection:
        text = connection.execute(sa.text("SELECT VERSION()")).scalar_one()
    return str(text).removeprefix("PostgreSQL ").partition("-")[0].partition(" ")[0]


@contextmanager
def fresh(engine: str, directory: Path) -> Iterator[str]:
    """Give the URL of an empty database, dropped afterwards; SQLite's file is in `directory`."""
    name = f"test_{secrets.token_hex(6)}"
    if engine == "sqlite":
        url = f"sqlite:///{directory / name}.db"
        yield url
        _forget(url)
        return
    root = sa.make_url(root_url(engine))
    with _connected(root_url(engine)) as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} {MADE_WITH[engine]}"))
    url = root.set(database=name).render_as_string(hide_password=False)
    try:
        yield url
    finally:
        _forget(url)
        with _connected(root_url(engine)) as connection:
            # A connection that a test left in a transaction would hold the drop up for a day.
            if engine == "postgresql":
                connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
            else:
                connection.execute(sa.text("SET SESSION lock_wait_timeout = 10"))
                connection.execute(sa.text(f"DROP DATABASE {name}"))


def clear(url: str, metadata: sa.MetaData) -> None:
    """Delete every row of the tables in `metadata`; thousands of tests do, on one connection."""
    if url not in _engines:
        _engines[url] = _engine(url, pool_size=1)
    with _engines[url].begin() as connection:
        names = _quoted_names(metadata, connection.dialect)
        # Most tests write to few of the tables: asking is a tenth of deleting from all.
        asked = ", ".join(f"EXISTS (SELECT 1 FROM {name})" for name in names)  # noqa: S608
        filled = connection.exec_driver_sql(f"SELECT {asked}").one()
        for name in itertools.compress(names, filled):
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608


def _quoted_names(metadata: sa.MetaData, dialect: sa.Dialect) -> list[str]:
    quote = dialect.identifier_preparer.format_table
    return [quote(table) for table in reversed(metadata.sorted_tables)]


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    engine = _engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _engine(url: str, **options: Any) -> sa.Engine:
    # PyMySQL reads all of the system's roots for each connection that may use TLS: 40 ms.
    plain = {"ssl_disabled": True} if url.startswith("mysql") else {}
    return sa.create_engine(url, connect_args=plain, **options)


def _forget(url: str) -> None:
    if engine := _engines.pop(url, None):
        engine.dispose()
