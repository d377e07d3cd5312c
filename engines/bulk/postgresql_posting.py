"""Rows in one round trip, and without a statement for each: as one JSON text, many by COPY.

https://www.postgresql.org/docs/current/sql-copy.html
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any

import orjson
from psycopg import RawCursor
from sqlalchemy import Connection, Engine, Executable, Insert, Table, event
from sqlalchemy.dialects.postgresql.psycopg import dialect

from engines import deadline
from engines.column_types import ID
from engines.kind import AskedQuery, RawAnswer

COPY = "COPY "
USED = "tables used"
"""Note of a connection: the temporary tables with rows of its transaction."""
KEY = "key"
"""Option of an upsert: the columns by which it finds a row."""
FEW_ROWS = 8
"""So many are not sent before the next statement is: one round trip for both."""
COPIED_ROWS = 150
"""From so many new ones on a COPY takes less time than one text of all rows."""
MERGED_ROWS = 600
"""So many are merged by a COPY beside their table: four waits, where nobody waits for a text."""
TOGETHER_ROWS = 4
"""From so many on one text of all rows takes less time than a statement for each."""

NAMED: Any = dialect()  # type: ignore[no-untyped-call]
NUMBERED: Any = dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

Row = Mapping[str, Any]


def allow_copy(engine: Engine) -> None:
    """Let a COPY be run with rows like other statements, so that its errors are theirs, too."""
    event.listen(engine, "do_executemany", copy_in)
    event.listen(engine, "do_execute", lambda cursor, sql, row, _: copy_in(cursor, sql, [row]))
    event.listen(engine, "commit", forget_used)
    event.listen(engine, "rollback", forget_used)


def copy_in(cursor: Any, statement: str, rows: Sequence[Any], _: Any = None) -> bool:
    """Send rows where a statement is a COPY; False for any other one."""
    if not statement.startswith(COPY):
        return False
    cursor.copy_later(statement, rows)
    return True


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row], into: str = "") -> None:
    """Insert rows with the same columns into a table, or one like it, all or none."""
    columns = tuple(rows[0])
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.format_column(table.c[name]) for name in columns)
    place = into or preparer.format_table(table)
    values_of = values_getter(columns)
    statement = f"{COPY}{place} ({names}) FROM STDIN"
    connection.exec_driver_sql(statement, [values_of(row) for row in rows])


def values_getter(columns: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """Return what takes the values of these columns out of a row."""
    if len(columns) == 1:
        return lambda row: (row[columns[0]],)
    return itemgetter(*columns)


def post(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    """Run a statement for all rows, in one round trip.

    SQLAlchemy prepares each row of an INSERT anew, which takes longer than to write it.
    """
    if not isinstance(statement, Insert):
        connection.execute(statement, rows)
        return
    sql = text_of(statement, tuple(rows[0]))
    key = statement.get_execution_options().get(KEY)
    is_many = len(rows) >= TOGETHER_ROWS
    if key is None and isinstance(statement.table, Table) and is_many:
        if len(rows) < COPIED_ROWS:
            merge_text(connection, statement.table, sql, rows)
        else:
            copy_rows(connection, statement.table, rows)
        return
    if key is not None and is_many:
        first, rows = split_by_key(rows, key)
        if len(first) >= MERGED_ROWS and may_make_temporary(connection):
            merge(connection, statement.table, sql, first)
        else:
            merge_text(connection, statement.table, sql, first)
    if not rows:
        return
    if len(rows) <= FEW_ROWS and connection.in_transaction():
        raw: Any = connection.connection.driver_connection
        deadline.announce(connection, sql, list(rows), is_many=True)
        numbered, values_of = numbered_text_of(statement, tuple(rows[0]))
        raw.held += [partial(RawCursor(raw).execute, numbered, values_of(row)) for row in rows]
    else:
        connection.exec_driver_sql(sql, list(rows))


def ask(
    connection: Connection,
    asked: Sequence[AskedQuery],
    meanwhile: Callable[[], None] | None = None,
) -> list[RawAnswer]:
    """Return the answers to queries, which are sent at once (engines/kind.py)."""
    if meanwhile is not None:
        meanwhile()  # psycopg lets nobody else work while it waits
    raw: Any = connection.connection.driver_connection
    *before, last = asked
    for text, values in before:
        deadline.announce(connection, text, values, is_many=False)
    cursors = [raw.cursor() for _ in before]
    raw.held += [partial(cursor.execute, *one) for cursor, one in zip(cursors, before, strict=True)]
    cursors.append(connection.exec_driver_sql(*last).cursor)
    return [RawAnswer(cursor.description, cursor.fetchall()) for cursor in cursors]


def split_by_key(rows: Sequence[Row], key: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """Return the first row of each key, and the others: a statement takes no row twice."""
    keys_of, seen = values_getter(key), set[Any]()
    first, again = list[Row](), list[Row]()
    for row in rows:
        values = keys_of(row)
        (again if values in seen else first).append(row)
        seen.add(values)
    return first, again


def merge(connection: Connection, table: Any, sql: str, rows: Sequence[Row]) -> None:
    """Run an upsert for rows, which are copied to a table beside it first; their order stays."""
    beside = f"merged_{table.name}"
    # Of all columns, without what NOT NULL demands of those that the rows have not. Each time:
    # behind a pooler another transaction may be in another session.
    connection.exec_driver_sql(
        # Our own names: nobody else says a word of it.
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {beside} ON COMMIT DELETE ROWS AS"  # noqa: S608
        f" SELECT * FROM {table.name} WITH NO DATA"
    )
    used = connection.info.setdefault(USED, set())
    if beside in used:
        connection.exec_driver_sql(f"TRUNCATE {beside}")
    used.add(beside)
    copy_rows(connection, table, rows, beside)
    connection.exec_driver_sql(taking_from(sql, beside))


def merge_text(connection: Connection, table: Any, sql: str, rows: Sequence[Row]) -> None:
    """Run an upsert for rows, which are sent as one JSON text; their order stays."""
    if ID in rows[0]:  # as no table of PostgreSQL calls it
        rows = [{**row, ID.lower(): row[ID]} for row in rows]
    beside = f"json_populate_recordset(NULL::{table.name}, %s)"
    told = orjson.dumps(rows, default=as_hex, option=orjson.OPT_NON_STR_KEYS).decode()
    if not connection.in_transaction():
        connection.exec_driver_sql(taking_from(sql, beside), (told,))
        return
    raw: Any = connection.connection.driver_connection
    deadline.announce(connection, sql, list(rows), is_many=True)
    raw.held.append(partial(raw.cursor().execute, taking_from(sql, beside), (told,)))
    raw.push()


def as_hex(value: Any) -> str:
    """Return bytes as PostgreSQL reads them from a text."""
    if not isinstance(value, bytes):
        raise TypeError(f"a column holds no {type(value).__name__}")
    return f"\\x{value.hex()}"


@lru_cache(maxsize=256)
def taking_from(sql: str, beside: str) -> str:
    """Return an upsert that takes its rows from what is beside its table."""
    into, _, rest = sql.partition(" VALUES (")
    columns = into.partition("(")[2].rstrip(")")
    _, conflict, what = rest.partition(" ON CONFLICT ")
    return f"{into} SELECT {columns} FROM {beside}{conflict}{what}"  # noqa: S608 - our own names


def forget_used(connection: Connection) -> None:
    """Forget, at the end of a transaction, which tables beside others it has used."""
    if not connection.invalidated:  # which has no notes any more
        connection.info.pop(USED, None)


def may_make_temporary(connection: Connection) -> bool:
    """Tell whether the account may make temporary tables; asked once for each connection."""
    if "temporary" not in connection.info:
        asked = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
        connection.info["temporary"] = connection.exec_driver_sql(asked).scalar_one()
    return bool(connection.info["temporary"])


@lru_cache(maxsize=256)
def numbered_text_of(
    statement: Insert, columns: tuple[str, ...]
) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
    """Return an INSERT as PostgreSQL takes it, and what takes its values out of a row.

    psycopg looks through a statement for its places anew each time where that is long.
    """
    compiled: Any = statement.compile(dialect=NUMBERED, column_keys=columns)
    return str(compiled), values_getter(compiled.positiontup)


@lru_cache(maxsize=256)
def text_of(statement: Insert, columns: tuple[str, ...]) -> str:
    """Return an INSERT as psycopg takes it."""
    return str(statement.compile(dialect=NAMED, column_keys=columns))
