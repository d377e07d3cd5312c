"""Connect to the database: the one place that knows how the engines differ as connections."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_SECONDS = 3
READ_SECONDS = 3
LOCK_WAIT_SECONDS = (
    1  # below READ_SECONDS, or the client gives up on a lock the server still waits for
)
POOL_SECONDS = 300  # a failed-over server is reached again by a new connection
SQLITE_WAIT_SECONDS = 5

MYSQL_SESSION = (
    "SET time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'"
)


def connect(
    url: str | URL,
    *,
    password: str | None = None,
    ssl_ca: str | None = None,
    tls: bool = True,
    read_seconds: float = READ_SECONDS,
) -> Engine:
    """Return an engine for the database at `url`; nothing is opened until it is used.

    `password` joins the URL and has no effect on SQLite. A host that is not loopback is reached
    over TLS with certificate and host name verified, against the system's roots or `ssl_ca`.
    Make the engine after a fork: its connections must not be shared between processes.
    """
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        return connect_sqlite(place)
    if password is not None:
        place = place.set(password=password)
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": read_seconds,
        "write_timeout": read_seconds,
        "init_command": MYSQL_SESSION,
    }
    if tls and not is_loopback(place.host):
        arguments["ssl"] = ssl.create_default_context(cafile=ssl_ca)
    return create_engine(
        place,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_recycle=POOL_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine: only then may the connection be in clear."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect_sqlite(place: URL) -> Engine:
    """Return an engine for an SQLite file, which is made with its folder on first use."""
    if place.database and place.database != ":memory:":
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        place, connect_args={"timeout": SQLITE_WAIT_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    """Make commits durable, and leave transactions to SQLAlchemy's `begin`."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin_sqlite(connection: Any) -> None:
    """Take the write lock at once, unless the connection only reads.

    A transaction that read before another committed fails when it starts to write, whatever the
    busy timeout.
    """
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def reading(engine: Engine) -> Engine:
    """Return the engine for transactions that only read: they wait for no writer."""
    return engine.execution_options(reads=True)


def database_time(connection: Connection) -> datetime:
    """Return the database's time in UTC without zone: the one clock that all replicas share."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC).replace(tzinfo=None)
    found: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return found
