"""MySQL and MariaDB: sessions over TLS, error numbers, promises."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pymysql
from sqlalchemy import URL, Connection, Engine, ExceptionContext, Table, create_engine, event, text
from sqlalchemy.dialects.mysql import insert

from engines import deadline
from engines.asking.mysql_prepared import FORGOTTEN
from engines.asking.mysql_statements import ask, ask_ahead, post, push
from engines.bulk import held, id_counters
from engines.bulk.pymysql_rows import Cursor
from engines.kind import (
    ACCESS,
    CONNECT_SECONDS,
    CONNECTION,
    CUT,
    DATA,
    GONE,
    KINDS,
    LOCK_WAIT_SECONDS,
    LOCKS,
    READ_SECONDS,
    Kind,
    Login,
    Promise,
    kind_of,
)
from engines.mysql_ddl import allow_ddl, allow_null, list_view, make_view
from engines.password_command import CommandFailed, fetched
from engines.pymysql_posting import open_connection
from engines.reaching.loopback import is_loopback

POOL_SECONDS = 60  # a failed-over server may have another address: only new connections see it
CANNOT_CONNECT = 2003
"""The client's own number of a connection that was not made: the delivery is spooled."""
PACKET_BYTES = 2 * 1024 * 1024

SESSION = (
    "SET time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, sort_buffer_size = 8388608, "  # else 1038
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'"
)

# https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
CODES = {
    # Too long, out of range, wrong characters, wrong value, truncated: the same again next time.
    **dict.fromkeys((1406, 1264, 1366, 1292, 1265), DATA),
    # Deadlock; lock wait timeout; record changed since last read (MariaDB); done again as text.
    **dict.fromkeys((1213, 1205, 1020, *FORGOTTEN), LOCKS),
    # Password, rights, database, table or column missing, TLS required: a person must act.
    **dict.fromkeys((1045, 1044, 1049, 1142, 1143, 1146, 1054, 1227, 1698, 3159), ACCESS),
    **dict.fromkeys((3024, 1969, 1317), CUT),  # MySQL's; MariaDB's; MySQL's where it counts a table
    # Read-only, shutting down, full, put out of its group: others fail likewise. Lost connections:
    # https://docs.sqlalchemy.org/en/20/core/pooling.html#dealing-with-disconnects
    **dict.fromkeys((1290, 1836, 1792, 1053, 1040, 3100, 3101), GONE),
}

# https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html
DURABLE: dict[str, tuple[Callable[[str], bool], str]] = {
    "innodb_flush_log_at_trx_commit": (
        lambda value: value == "1",
        "must be 1, or a crash loses what was answered with 2xx",
    ),
    "sync_binlog": (
        lambda value: value == "1",
        "must be 1 while the binary log is on, or replicas and restores lose commits",
    ),
    "max_allowed_packet": (lambda n: int(n) >= PACKET_BYTES, f"must be {PACKET_BYTES} or more"),
    "sql_mode": (lambda mode: "STRICT_ALL_TABLES" in mode, "must be strict, or values are cut"),
}


def connect(place: URL, login: Login) -> Engine:
    """Return an engine for a server.

    `password_command` is run for each new connection, because tokens expire. A host that is not
    loopback is reached over TLS with certificate and host name verified, against the system's
    roots or `ssl_ca`, which may hold several. Raises OSError when that cannot be read.
    """
    seconds = login.read_seconds
    if login.password is not None:
        place = place.set(password=login.password)
    # What PyMySQL would take from a URL (ssl_disabled, ssl_verify_cert, ...) weakens nothing.
    place = place.difference_update_query([name for name in place.query if name.startswith("ssl")])
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        **dict.fromkeys(("read_timeout", "write_timeout"), seconds),
        "init_command": SESSION,
        "cursorclass": Cursor,
    }
    if not login.tls:
        arguments["ssl_disabled"] = True
    elif not is_loopback(place.host):
        arguments["ssl"] = ssl.create_default_context(cafile=login.ssl_ca)
    engine = create_engine(
        place,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_recycle=POOL_SECONDS,
        pool_timeout=seconds,
        pool_pre_ping=seconds > READ_SECONDS,  # else a server that hangs would cost two timeouts
        hide_parameters=True,
    )
    if login.password_command:
        event.listen(engine, "do_connect", partial(asked, login.password_command))
    event.listen(engine, "do_connect", open_connection)
    event.listen(engine, "handle_error", note_gone)
    deadline.watch(engine)
    held.watch_savepoints(engine)
    return engine


def asked(command: str, *given: Any) -> None:
    """Give a new connection the password that a command prints."""
    try:
        fetched(command, *given)
    except CommandFailed as error:
        raise pymysql.err.OperationalError(CANNOT_CONNECT, str(error)) from None


def note_gone(context: ExceptionContext) -> None:
    """Empty the pool when the server can no longer be written to through any connection."""
    if fault(context.original_exception) == GONE:
        context.is_disconnect = True


def connect_reader(place: URL, login: Login) -> Engine:
    """Return an engine whose sessions refuse writes and stop statements that take too long."""
    engine = connect(place, login)

    def make_read_only(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute(kind_of(engine).limit(login.read_seconds))

    event.listen(engine, "connect", make_read_only)
    # A page's figures come from one moment, however many statements it takes.
    return engine.execution_options(isolation_level="REPEATABLE READ")


def limit(seconds: float) -> str:
    """Return the statement after which those of a session end after so many seconds.

    https://dev.mysql.com/doc/refman/9.4/en/server-system-variables.html#sysvar_max_execution_time
    """
    return f"SET SESSION max_execution_time = {max(round(seconds * 1000), 1)}"  # 0 is no limit


def mariadb_limit(seconds: float) -> str:
    """Return MariaDB's, in seconds.

    https://mariadb.com/docs/server/ha-and-performance/optimization-and-tuning/query-optimizations/aborting-statements
    """
    return f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}"  # 0 is no limit


def insert_or(
    table: Table, key: Sequence[str], assign: Callable[[Any], list[tuple[str, Any]]]
) -> Any:
    """Return an INSERT that assigns, in order, where the key is stored already."""
    row = insert(table)
    # Without anything to assign the row must still be locked: a key assigned to itself does it.
    return row.on_duplicate_key_update(assign(row.inserted) or [(key[0], table.c[key[0]])])


def now(connection: Connection) -> datetime:
    """Return the server's time in UTC without zone."""
    time: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    return time


def fault(error: BaseException | None) -> str:
    """Return what is at fault, by the server's number of it."""
    code = error.args[0] if error is not None and error.args else None
    return CODES.get(code, CONNECTION) if isinstance(code, int) else CONNECTION


def is_missing(error: Exception, table: str) -> bool:
    """Tell whether a table is not there, or not to be seen."""
    return table in str(error) and fault(error) == ACCESS


def wait_for_connections(engine: Engine, until_made: Callable[[Callable[[], Any]], Any]) -> None:
    """Let a function make each new connection."""
    # The first that connects is the last that is asked, and SQLAlchemy puts none before another.
    event.remove(engine, "do_connect", open_connection)
    event.listen(engine, "do_connect", lambda *given: until_made(lambda: open_connection(*given)))


def durability(connection: Connection) -> list[Promise]:
    """Return what the server, or this session of it, promises about a commit."""
    query = f"SELECT {', '.join(f'@@{name}' for name in DURABLE)}, @@log_bin"
    *values, is_logged = connection.execute(text(query)).one()
    promises = []
    for (name, (is_good, why)), value in zip(DURABLE.items(), map(str, values), strict=True):
        is_needed = name != "sync_binlog" or is_logged
        is_wrong = is_needed and not is_good(value)
        promises.append(Promise(name, value, f"{value} {why}" if is_wrong else ""))
    return promises


def cipher(connection: Connection) -> str:
    """Return how the connection is encrypted; empty when it is not."""
    return str(connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1])


MYSQL = Kind(
    name="mysql",
    drivers=frozenset({"mysql+pymysql"}),
    example="mysql+pymysql://user@host:3306/name",
    error=pymysql.Error,
    connect=connect,
    connect_reader=connect_reader,
    limit=limit,
    insert_or=insert_or,
    post=post,
    ask=ask,
    ask_ahead=ask_ahead,
    push=push,
    now=now,
    fault=fault,
    is_missing=is_missing,
    allow_ddl=allow_ddl,
    allow_null=allow_null,
    list_view=list_view,
    make_view=make_view,
    seconds_between="TIMESTAMPDIFF(MICROSECOND, {0}, {1}) / 1000000".format,
    groups_by_steps=True,
    finds_deadlocks=True,
    reads_by_key=True,
    finds_by_number=True,
    wait_for_connections=wait_for_connections,
    durability=durability,
    cipher=cipher,
    next_number=id_counters.mysql_next,
    raise_number=id_counters.raise_mysql,
    deep_recursion="SET SESSION cte_max_recursion_depth = 1000000, group_concat_max_len = 1 << 26",
)
MARIADB = replace(
    MYSQL, name="mariadb", drivers=frozenset({"mariadb+pymysql"}), limit=mariadb_limit,
    deep_recursion="SET max_recursive_iterations=1000000, group_concat_max_len=1<<26")  # fmt: skip
KINDS.update({kind.name: kind for kind in (MYSQL, MARIADB)})
