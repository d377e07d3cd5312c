"""SQLite: a file, which one writes at a time."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from engines import deadline, sqlite_turns
from engines.asking.questions import ask_each
from engines.bulk import id_counters
from engines.bulk.sqlite_copy import copied
from engines.bulk.sqlite_posting import post
from engines.kind import CONNECT_SECONDS, CONNECTION, CUT, DATA, KINDS, Kind, ListView, Login
from engines.sqlite_damage import check_file, name_file, read_last_number

LOG_BYTES = 16_000_000
"""The log is cut to this once it was longer. It cannot be while a reader's transaction lasts."""
CUT_MILLISECONDS = 100  # for which writers may wait
STEPS = 20_000  # of SQLite's machine between two looks at the clock: some milliseconds
UNBINDABLE = (sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)


def connect(place: URL, login: Login) -> Engine:
    """Return an engine for a file, which is made with its folder on first use.

    A transaction waits for other writers up to `read_seconds`.
    """
    if place.database and place.database != ":memory:":
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    seconds = login.read_seconds
    engine = create_engine(place, connect_args={"timeout": seconds}, hide_parameters=True)
    event.listen(engine, "connect", partial(prepare, cache_kib=login.cache_kib))

    def set_wait(connection: Any) -> None:
        wait = int(deadline.at_most(seconds) * 1000)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait}")

    event.listen(engine, "begin", set_wait)
    event.listen(engine, "begin", sqlite_turns.begin)
    event.listen(engine, "handle_error", name_file)
    event.listen(engine, "invalidate", undo)
    deadline.watch(engine)
    return engine


def undo(connection: Any, _: ConnectionPoolEntry, __: BaseException | None) -> None:
    """Undo the transaction of a connection that is given up, of a process that was told to end.

    Closing it alone does not, as long as a cursor of it lives in the error's traceback: whoever
    writes in between, a lease that is given back, would wait for the lock until it fails.
    """
    if connection is not None:
        with suppress(sqlite3.Error):
            connection.rollback()


def prepare(connection: Any, _: ConnectionPoolEntry, cache_kib: int) -> None:
    """Make commits durable, and leave transactions to `sqlite_turns.begin`."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    connection.execute(f"PRAGMA cache_size = {-cache_kib}")
    connection.execute("PRAGMA foreign_keys = ON")


def connect_reader(place: URL, _: Login) -> Engine:
    """Return an engine for a file that may be missing, be made later, or be replaced."""
    address = f"file:{quote(str(Path(place.database or '').absolute()))}?mode=ro"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=CONNECT_SECONDS, isolation_level=None
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


def insert_or(
    table: Table, key: Sequence[str], assign: Callable[[Any], list[tuple[str, Any]]]
) -> Any:
    """Return an INSERT that assigns where the key is stored already."""
    row = insert(table)
    changes = assign(row.excluded) or [(key[0], table.c[key[0]])]
    return row.on_conflict_do_update(index_elements=key, set_=dict(changes))


def fault(error: Exception) -> str:
    """Return what is at fault: a lock that another holds is waited for here, not again."""
    if isinstance(error, UNBINDABLE) and "bind" in str(error):
        return DATA
    return CUT if str(error) == "interrupted" else CONNECTION


def is_missing(error: Exception, _: str) -> bool:
    """Tell whether a table is not there, or not even the file."""
    return str(error).startswith(("no such table", "unable to open database file"))


def allow_ddl(connection: Connection) -> None:
    """Let tables be made anew that others refer to."""
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - the connection is open
    # Both have no effect within a transaction, so SQLAlchemy must not begin one for them.
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA legacy_alter_table = ON")


def allow_null(connection: Connection, table: str, columns: Sequence[str]) -> None:
    """Make the table anew, with its indexes: SQLite can change no column."""
    query = (
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
        " AND type IN ('table', 'index', 'trigger') ORDER BY type = 'table' DESC, name"
    )
    ddl, *others = connection.exec_driver_sql(query, (table,)).scalars().all()
    lines = ddl.splitlines()
    changed = [
        line.replace(" NOT NULL", "", 1) if line.strip().partition(" ")[0] in columns else line
        for line in lines
    ]
    if changed == lines:
        return
    old = f"{table}_before"
    for statement in (
        "SAVEPOINT allow_null",
        f'ALTER TABLE "{table}" RENAME TO "{old}"',
        "\n".join(changed),
        f'DROP TABLE "{old}"',
        *others,
        "RELEASE allow_null",
    ):
        connection.exec_driver_sql(statement)


def make_view(name: str, query: str) -> tuple[str, ...]:
    """Return the statements that make a view anew."""
    return f"DROP VIEW IF EXISTS {name}", f"CREATE VIEW {name} AS {query}"


def list_view(view: ListView) -> tuple[str, ...]:
    """Return the statements that make a view of a list's items anew."""
    own = (f"{view.table}.{column}" for column in view.columns)
    fields = (f"json_extract(item.value, '$.{name}') AS {name}" for name in view.fields)
    return make_view(
        view.name,
        f"SELECT {', '.join((*own, *fields))}"  # noqa: S608 - names of ours
        f" FROM {view.table}, json_each({view.table}.{view.column}) AS item",
    )


def log_bytes(place: URL) -> int:
    """Return how long the log beside a file is."""
    log = Path(f"{place.database}-wal")
    return log.stat().st_size if log.exists() else 0


def cut_log(engine: Engine) -> None:
    """Write a long log back and cut it: commits only do where no reader comes after the other."""
    if log_bytes(engine.url) <= LOG_BYTES:
        return
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {CUT_MILLISECONDS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_beside(place: URL) -> Path:
    """Copy a file, with what its log still holds, and return the copy's path."""
    file = Path(place.database or "")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = file.with_name(f"{file.name}.before-{stamp}")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


SQLITE = Kind(
    name="sqlite",
    drivers=frozenset({"sqlite", "sqlite+pysqlite"}),
    example="sqlite:///data/name.db",
    error=sqlite3.Error,
    connect=connect,
    connect_reader=connect_reader,
    limit=lambda _: "",
    insert_or=insert_or,
    post=post,
    ask=ask_each,
    now=lambda _: datetime.now(UTC).replace(tzinfo=None),
    fault=fault,
    is_missing=is_missing,
    allow_ddl=allow_ddl,
    allow_null=allow_null,
    make_view=make_view,
    list_view=list_view,
    seconds_between="ROUND((julianday({1}) - julianday({0})) * 86400, 3)".format,
    days_before="strftime('%Y-%m-%d %H:%M:%f', {}, '-{} days')".format,
    wait_for_connections=lambda _, __: None,
    durability=check_file,
    cipher=lambda _: "",
    next_number=id_counters.sqlite_next,
    raise_number=id_counters.raise_sqlite,
    copy_beside=copy_beside,
    copied=copied,
    log_bytes=log_bytes,
    cut_log=cut_log,
    last_number=read_last_number,
    workers=1,
)
KINDS[SQLITE.name] = SQLITE
