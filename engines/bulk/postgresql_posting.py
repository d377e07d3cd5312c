"""Rows in one round trip; COPY, without a statement for each, takes a third of the time.

https://www.postgresql.org/docs/current/sql-copy.html
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Executable, Insert, Table, event

COPY = "COPY "


def allow_copy(engine: Engine) -> None:
    """Let a COPY be run with rows like other statements, so that its errors are theirs, too."""
    event.listen(engine, "do_executemany", copy_in)
    event.listen(engine, "do_execute", lambda cursor, sql, row, _: copy_in(cursor, sql, [row]))


def copy_in(cursor: Any, statement: str, rows: Sequence[Any], _: Any = None) -> bool:
    """Send rows where a statement is a COPY; False for any other one."""
    if not statement.startswith(COPY):
        return False
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    return True


def copy_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], into: str = ""
) -> None:
    """Insert rows with the same columns into a table, or one like it, all or none."""
    columns = tuple(rows[0])
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.format_column(table.c[name]) for name in columns)
    place = into or preparer.format_table(table)
    values_of = values_getter(columns)
    statement = f"{COPY}{place} ({names}) FROM STDIN"
    connection.exec_driver_sql(statement, [values_of(row) for row in rows])


def values_getter(columns: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the values of these columns out of a row."""
    if len(columns) == 1:
        return lambda row: (row[columns[0]],)
    return itemgetter(*columns)


def post(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement for all rows, in one round trip.

    SQLAlchemy prepares each row of an INSERT anew, which takes longer than to write it.
    """
    if not isinstance(statement, Insert):
        connection.execute(statement, rows)
        return
    if isinstance(statement.table, Table) and statement._post_values_clause is None:
        copy_rows(connection, statement.table, rows)
        return
    connection.exec_driver_sql(text_of(statement, connection.dialect, tuple(rows[0])), list(rows))


@lru_cache(maxsize=256)
def text_of(statement: Insert, dialect: Dialect, columns: tuple[str, ...]) -> str:
    """Return an INSERT as psycopg takes it."""
    return str(statement.compile(dialect=dialect, column_keys=columns))
