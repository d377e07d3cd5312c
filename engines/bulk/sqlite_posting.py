"""Rows as SQLite's driver takes them with the least work: by their places, times as text.

By name it looks each value up in the row's dictionary, for each row anew; and what else than a
column of times holds no time.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, DateTime, Executable, Insert
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.types import NullType

BY_PLACE: Any = dialect(paramstyle="qmark")

MAY_BE_TIME = (DateTime, NullType)
"""Types of columns; a table that is only named says none."""

Row = Mapping[str, Any]


class RowsStatement(NamedTuple):
    """An INSERT as text, what takes its values out of a row, and which of these are times."""

    sql: str
    values_of: Callable[[Row], tuple[Any, ...]]
    times: tuple[int, ...]


def post(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    """Run a statement for all rows.

    SQLAlchemy prepares each row of an INSERT anew, which takes longer than to write it.
    """
    if not isinstance(statement, Insert):
        connection.execute(statement, rows)
        return
    sql, values_of, times = statement_of(statement, tuple(rows[0]))
    lines = map(values_of, rows)
    connection.exec_driver_sql(sql, [with_texts(line, times) for line in lines])


@lru_cache(maxsize=256)
def statement_of(statement: Insert, columns: tuple[str, ...]) -> RowsStatement:
    """Return an INSERT as the driver takes it when it finds values by their places."""
    compiled: Any = statement.compile(dialect=BY_PLACE, column_keys=columns)
    names: list[str] = compiled.positiontup
    table: Any = statement.table
    times = [at for at, name in enumerate(names) if isinstance(table.c[name].type, MAY_BE_TIME)]
    if len(names) == 1:
        return RowsStatement(str(compiled), lambda row: (row[names[0]],), tuple(times))
    return RowsStatement(str(compiled), itemgetter(*names), tuple(times))


def with_texts(line: tuple[Any, ...], times: Sequence[int]) -> Sequence[Any]:
    """Return a row's values with its times as SQLAlchemy writes them."""
    values = list(line)
    for at in times:
        if type(values[at]) is datetime:
            values[at] = values[at].isoformat(" ", "microseconds")
    return tuple(values)
