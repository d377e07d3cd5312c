"""Rows of new keys -> an INSERT as the driver takes it, or a COPY, with the least work for each.

Hundreds of thousands of rows by SQLAlchemy's own way take twice the time: it names each value.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, repeat
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, bindparam

from engines.kind import kind_of

MOST_VALUES = 990
"""Values of one statement of SQLite, whose older builds take no more than 999."""


class BulkInsert(NamedTuple):
    """An INSERT as the driver takes it, with what converts each value for it."""

    sql: str
    converters: tuple[Callable[[Any], Any] | None, ...]

    def bound(self, columns: Sequence[Sequence[Any]], start: int = 0) -> list[Sequence[Any]]:
        """Return columns, from number `start` on, as the driver takes them."""
        converters = self.converters[start : start + len(columns)]
        return [
            [*map(convert, column)] if convert and column.count(None) < len(column) else column
            for convert, column in zip(converters, columns, strict=True)
        ]


def insert_columns(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    alike: Mapping[str, Any],
) -> None:
    """Insert rows, a list of values for each name; `alike` all have.

    Where one fails, the transaction must be undone: those before it may stay in it.
    """
    kind = kind_of(connection)
    statement = bulk_insert(connection.dialect, table, (*names, *alike), kind.has_arrays)
    extra = [value for (value,) in statement.bound([[own] for own in alike.values()], len(names))]
    given = statement.bound(columns)
    if kind.is_file:
        insert_in_file(connection, table, (*names, *alike), given, extra)
    else:
        rows = zip(*given, *map(repeat, extra), strict=False)  # the values of all have no end
        connection.exec_driver_sql(statement.sql, [*rows])


def insert_in_file(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    columns: Sequence[Sequence[Any]],
    extra: Sequence[Any],
) -> None:
    """Insert rows into SQLite's file, many in a statement; `extra` are each one's last values."""
    many = (MOST_VALUES - len(extra)) // len(columns)
    values = chain.from_iterable(zip(*columns, strict=True))
    parts, rest = divmod(len(columns[0]), many)
    for number, rows in ((parts, many), (rest, 1)):
        wide = rows * len(columns)
        if number:
            given = [(*extra, *islice(values, wide)) for _ in range(number)]
            connection.exec_driver_sql(file_insert(table, names, len(extra), rows), given)


@lru_cache(maxsize=256)
def file_insert(table: Table, names: tuple[str, ...], alike: int, rows: int) -> str:
    """Return an INSERT of so many rows, whose last columns take the first values.

    OR FAIL: to be able to undo the statement alone, SQLite copies every page that it changes. Of
    many rows that is most of what they cost.
    """
    own = len(names) - alike
    last = [f"?{at}" for at in range(1, alike + 1)]
    firsts = range(alike + 1, alike + rows * own + 1, own)
    values = [[*(f"?{at}" for at in range(first, first + own)), *last] for first in firsts]
    columns = ", ".join(f'"{name}"' for name in names)
    listed = ", ".join(f"({', '.join(row)})" for row in values)
    return f'INSERT OR FAIL INTO "{table.name}" ({columns}) VALUES {listed}'  # noqa: S608 - names of our own columns


@lru_cache(maxsize=256)
def bulk_insert(dialect: Dialect, table: Table, names: tuple[str, ...], copies: bool) -> BulkInsert:
    """Return the INSERT, or the COPY, of these columns, in this order."""
    style = "qmark" if dialect.paramstyle == "qmark" else "format"
    like: Any = type(dialect)
    positional: Dialect = like(paramstyle=style)
    columns = [table.c[name] for name in names]
    quote = positional.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(quote(column.name) for column in columns)})"
    types = [column.type.dialect_impl(dialect) for column in columns]
    converters = tuple(type_.bind_processor(dialect) for type_ in types)
    if copies:
        return BulkInsert(f"COPY {into} FROM STDIN", converters)
    values = [bindparam(None, type_=column.type).compile(dialect=positional) for column in columns]
    sql = f"INSERT INTO {into} VALUES ({', '.join(map(str, values))})"  # noqa: S608 - names of our own columns
    return BulkInsert(sql, converters)
