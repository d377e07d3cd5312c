"""Connect to the database: the one place that knows how the engines differ as connections."""

from __future__ import annotations

import ipaddress
import random
import sqlite3
import ssl
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.pool import ConnectionPoolEntry

from engines import deadline
from engines.password_command import fetched
from engines.pymysql_posting import Cursor

CONNECT_SECONDS = 3
READ_SECONDS = 3
LOCK_WAIT_SECONDS = (
    1  # below READ_SECONDS, or the client gives up on a lock the server still waits for
)
POOL_SECONDS = 60  # a failed-over server may have another address: only new connections see it

SQLITE_CACHE_KIB = 16_384
"""Pages that a connection keeps in memory. With SQLite's own 2 MiB it reads most of them again for
each batch of deliveries, which took a quarter more of the processor."""

GONE = frozenset({1290, 1836, 1792, 1053, 1040, 3100, 3101})
"""Read-only (it was the primary once), shutting down, full, put out of its replication group:
other connections fail likewise.

SQLAlchemy itself knows the codes of connections that are lost.
https://docs.sqlalchemy.org/en/20/core/pooling.html#dealing-with-disconnects
"""

MYSQL_SESSION = (
    "SET time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'"
)


def connect(
    url: str | URL,
    *,
    password: str | None = None,
    password_command: str | None = None,
    ssl_ca: str | None = None,
    tls: bool = True,
    read_seconds: float = READ_SECONDS,
) -> Engine:
    """Return an engine for the database at `url`; nothing is opened until it is used.

    `password` joins the URL and has no effect on SQLite; `password_command` prints one, and is
    run for each new connection, because tokens expire (password_command.py). A host that is not
    loopback is reached over TLS with certificate and host name verified, against the system's
    roots or `ssl_ca`, which may hold several.
    Make the engine after a fork: its connections must not be shared between processes.
    """
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        return connect_sqlite(place, read_seconds)
    if password is not None:
        place = place.set(password=password)
    # What PyMySQL would take from a URL (ssl_disabled, ssl_verify_cert, ...) weakens nothing.
    place = place.difference_update_query([name for name in place.query if name.startswith("ssl")])
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": read_seconds,
        "write_timeout": read_seconds,
        "init_command": MYSQL_SESSION,
        "cursorclass": Cursor,
    }
    if not tls:
        arguments["ssl_disabled"] = True
    elif not is_loopback(place.host):
        arguments["ssl"] = ssl.create_default_context(cafile=ssl_ca)
    engine = create_engine(
        place,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_recycle=POOL_SECONDS,
        pool_timeout=read_seconds,
        # A ping to a server that hangs costs a second timeout: `transact` tries again instead.
        pool_pre_ping=read_seconds > READ_SECONDS,
        hide_parameters=True,
    )
    if password_command:
        event.listen(engine, "do_connect", partial(fetched, password_command))
    event.listen(engine, "do_connect", deadline.connect)
    event.listen(engine, "handle_error", note_gone)
    deadline.watch(engine)
    return engine


def note_gone(context: ExceptionContext) -> None:
    """Empty the pool when the server can no longer be written to through any connection."""
    arguments = getattr(context.original_exception, "args", ())
    if arguments and arguments[0] in GONE:
        context.is_disconnect = True


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine: only then may the connection be in clear."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect_sqlite(place: URL, wait_seconds: float) -> Engine:
    """Return an engine for an SQLite file, which is made with its folder on first use.

    A transaction waits for other writers up to `wait_seconds`.
    """
    if place.database and place.database != ":memory:":
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(place, connect_args={"timeout": wait_seconds}, hide_parameters=True)
    event.listen(engine, "connect", prepare_sqlite)

    def set_wait(connection: Any) -> None:
        wait = int(deadline.at_most(wait_seconds) * 1000)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait}")

    event.listen(engine, "begin", set_wait)
    event.listen(engine, "begin", begin_sqlite)
    deadline.watch(engine)
    return engine


def prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    """Make commits durable, and leave transactions to SQLAlchemy's `begin`."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA cache_size = {-SQLITE_CACHE_KIB}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin_sqlite(connection: Any) -> None:
    """Take the write lock at once, unless the connection only reads.

    A transaction that read before another committed fails when it starts to write, whatever the
    busy timeout. SQLite looks only every 100 ms whether the lock is free, and among writers that
    follow each other closely it never finds it so: here it is tried every few milliseconds.
    """
    if connection.get_execution_options().get("reads", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw = connection.connection.driver_connection
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 0")
    until = time.monotonic() + patience / 1000
    try:
        while is_busy(raw) and time.monotonic() < until:
            time.sleep(random.uniform(0.001, 0.005))  # noqa: S311 - no secret
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # again, for its error
    finally:
        raw.execute(f"PRAGMA busy_timeout = {patience}")


def is_busy(raw: sqlite3.Connection) -> bool:
    """Try to take the write lock; tell whether another writer holds it."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def reading(engine: Engine) -> Engine:
    """Return the engine for transactions that only read: they wait for no writer."""
    return engine.execution_options(reads=True)


def database_time(connection: Connection) -> datetime:
    """Return the database's time in UTC without zone: the one clock that all replicas share."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC).replace(tzinfo=None)
    found: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return found
