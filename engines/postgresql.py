"""PostgreSQL: sessions over TLS, SQLSTATEs, promises."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    Table,
    Text,
    cast,
    create_engine,
    event,
    false,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from engines import deadline
from engines.bulk import held, id_counters
from engines.bulk.postgresql_posting import KEY, allow_copy, ask, post
from engines.column_types import Exact, Long
from engines.kind import (
    ACCESS,
    CONNECT_SECONDS,
    CONNECTION,
    CUT,
    DATA,
    GONE,
    KINDS,
    LOCKS,
    READ_SECONDS,
    Kind,
    Login,
)
from engines.postgresql_session import (
    allow_ddl,
    allow_null,
    asked,
    begin_session,
    list_view,
    make_view,
    open_connection,
)
from engines.reaching.postgresql_place import as_asked, encryption
from engines.reaching.postgresql_promises import cipher, durability, why_unfit

POOL_SECONDS = 60  # a failed-over server may have another address: only new connections see it

# https://www.postgresql.org/docs/current/errcodes-appendix.html
STATES = {
    # Deadlock, serialization failure, lock not available in time.
    **dict.fromkeys(("40P01", "40001", "55P03"), LOCKS),
    # A value that is too long for an index, or of too many parts.
    "54000": DATA,
    # statement_timeout, or cancelled by a person.
    "57014": CUT,
    # Shutting down, crashed, starting, full, read-only (it was the primary once): other
    # connections fail likewise.
    **dict.fromkeys(("57P01", "57P02", "57P03", "53300", "25006"), GONE),
}
CLASSES = {
    **dict.fromkeys(("21", "22", "23"), DATA),
    # Password, database, schema, rights or something that is not there.
    **dict.fromkeys(("28", "3D", "3F", "42"), ACCESS),
}
REFUSED = (
    "authentication failed", "no password supplied", "pg_hba.conf", "does not exist",
    "permission denied for database", "is not permitted to log in", "unsupported startup parameter",
)  # fmt: skip
CITEXT = (
    ": an administrator runs CREATE EXTENSION citext in the database once, in a schema of"
    " search_path; ALTER EXTENSION citext SET SCHEMA moves it (docs/accounts.md)"
)
"""A login that fails has no SQLSTATE in libpq; so servers that speak another language are taken to
be away."""


def connect(place: URL, login: Login) -> Engine:
    """Return an engine for a server.

    `password_command` is run for each new connection, because tokens expire. A host that is not
    loopback is reached over TLS with certificate and host name verified, against the system's
    roots or `ssl_ca`, which may hold several. Raises OSError when that cannot be read.
    """
    seconds = login.read_seconds
    if login.password is not None:
        place = place.set(password=login.password)
    place = as_asked(place).set(drivername="postgresql+psycopg")
    engine = create_engine(
        place,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "client_encoding": "utf8",
            "gssencmode": "disable",
            **encryption(place, login),
        },
        isolation_level="READ COMMITTED",
        pool_recycle=POOL_SECONDS,
        pool_timeout=seconds,
        # A ping to a server that hangs costs a second timeout: `transact` tries again instead.
        pool_pre_ping=seconds > READ_SECONDS,
        hide_parameters=True,
    )
    if login.password_command:
        event.listen(engine, "do_connect", partial(asked, login.password_command))
    event.listen(engine, "connect", partial(begin_session, login))
    held.watch_savepoints(engine)
    opener = partial(open_connection, seconds)
    engine.dialect.opener = opener  # type: ignore[attr-defined] # for `wait_for_connections`
    event.listen(engine, "do_connect", opener)
    event.listen(engine, "handle_error", note_gone)
    deadline.watch(engine)
    allow_copy(engine)
    return engine


def note_gone(context: ExceptionContext) -> None:
    """Empty the pool when the server can no longer be written to through any connection."""
    if fault(context.original_exception) == GONE:
        context.is_disconnect = True


def connect_reader(place: URL, login: Login) -> Engine:
    """Return an engine whose sessions refuse writes and stop statements that take too long."""
    engine = connect(place, login)

    def make_read_only(connection: Any, _: Any) -> None:
        if not connection.is_pooled:  # a session of the pooler's may be a writer's next
            connection.execute("SET default_transaction_read_only = on")
            connection.commit()

    event.listen(engine, "connect", make_read_only)
    # A page's figures come from one moment, however many statements it takes.
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def limit(seconds: float) -> str:
    """Return the statement after which those of a session end after so many seconds."""
    return f"SET statement_timeout = {max(round(seconds * 1000), 1)}"  # 0 is no limit


def insert_or(
    table: Table, key: Sequence[str], assign: Callable[[Any], list[tuple[str, Any]]]
) -> Any:
    """Return an INSERT that assigns where the key is stored already.

    A row that stays as it is is locked only: written again it would take 1,226 bytes of log.
    """
    row = insert(table).inline()
    changes = assign(row.excluded)
    differs = [
        as_written(table, name, table.c[name]).is_distinct_from(as_written(table, name, value))
        for name, value in changes
    ]
    upsert = row.on_conflict_do_update(
        index_elements=key,
        set_=dict(changes) or {key[0]: table.c[key[0]]},
        where=or_(false(), *differs),
    )
    return upsert.execution_options(**{KEY: tuple(key)})


def as_written(table: Table, name: str, value: Any) -> Any:
    """Return a value of a column so that it compares byte for byte."""
    is_text = isinstance(table.c[name].type, Exact | Long)
    return cast(value, Text) if is_text else value


def now(connection: Connection) -> datetime:
    """Return the server's time in UTC without zone; its own `now()` stands in a transaction."""
    query = text("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    time: datetime = connection.execute(query).scalar_one()
    return time


def fault(error: BaseException | None) -> str:
    """Return what is at fault, by the SQLSTATE of it."""
    state = getattr(error, "sqlstate", None)
    if state:
        return STATES.get(state) or CLASSES.get(state[:2], CONNECTION)
    if isinstance(error, psycopg.DataError):
        return DATA  # psycopg's own, of a value that it cannot send
    if isinstance(error, psycopg.ProgrammingError):
        return ACCESS  # libpq's own, of an option in the URL that it does not know
    is_refused = any(part in str(error) for part in REFUSED)
    return ACCESS if is_refused else CONNECTION


def is_missing(error: Exception, table: str) -> bool:
    """Tell whether a table is not there, or not to be seen."""
    return table in str(error) and fault(error) == ACCESS


def message(error: Exception) -> str:
    """Return what an error says, without its details, which hold the row."""
    said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    return f"{said}{CITEXT}" if '"citext"' in said else said


def wait_for_connections(engine: Engine, until_made: Callable[[Callable[[], Any]], Any]) -> None:
    """Let a function make each new connection."""
    # The first that connects is the last that is asked, and SQLAlchemy puts none before another.
    opener = engine.dialect.opener  # type: ignore[attr-defined]  # `connect` set it
    event.remove(engine, "do_connect", opener)
    event.listen(engine, "do_connect", lambda *given: until_made(lambda: opener(*given)))


POSTGRESQL = Kind(
    name="postgresql",
    drivers=frozenset({"postgresql", "postgresql+psycopg"}),
    example="postgresql+psycopg://user@host:5432/name",
    error=psycopg.Error,
    connect=connect,
    connect_reader=connect_reader,
    limit=limit,
    insert_or=insert_or,
    post=post,
    ask=ask,
    now=now,
    fault=fault,
    is_missing=is_missing,
    allow_ddl=allow_ddl,
    allow_null=allow_null,
    make_view=make_view,
    list_view=list_view,
    wait_for_connections=wait_for_connections,
    durability=durability,
    cipher=cipher,
    next_number=id_counters.postgresql_next,
    raise_number=id_counters.raise_postgresql,
    holds_nul=False,
    has_arrays=True,
    joins_laterally=True,
    dependency="CREATE STATISTICS IF NOT EXISTS st_{table}_{column} (dependencies)"
    " ON {column}, {follows} FROM {table}",
    message=message,
    why_unfit=why_unfit,
    extensions=("CREATE EXTENSION IF NOT EXISTS citext",),
    ends_with_an_error=True,
    deep_recursion="SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_hashjoin',"
    " 'enable_mergejoin', 'jit']) AS name",
)
KINDS[POSTGRESQL.name] = POSTGRESQL
