"""Rows of new keys -> an INSERT as the driver takes it, or a COPY, with the least work for each.

Hundreds of thousands of rows by SQLAlchemy's own way take twice the time: it names each value.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, bindparam

from engines.kind import kind_of

MOST_VALUES = 990
"""Values of one statement of SQLite, whose older builds take no more than 999."""


class BulkInsert(NamedTuple):
    """An INSERT as the driver takes it, with what converts each value for it."""

    sql: str
    converters: tuple[Callable[[Any], Any] | None, ...]

    def bound(self, rows: list[tuple[Any, ...]], start: int = 0) -> list[tuple[Any, ...]]:
        """Return rows, of the columns from `start` on, as the driver takes them."""
        converters = enumerate(self.converters[start : start + len(rows[0])])
        for at, convert in converters:
            if convert and any(row[at] is not None for row in rows):
                rows = [(*row[:at], convert(row[at]), *row[at + 1 :]) for row in rows]
        return rows


def insert_rows(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: list[tuple[Any, ...]],
    alike: dict[str, Any],
) -> None:
    """Insert rows, whose values are in the order of their columns' names; `alike` all have.

    Where one fails, the transaction must be undone: those before it may stay in it.
    """
    kind = kind_of(connection)
    statement = bulk_insert(connection.dialect, table, (*names, *alike), kind.has_arrays)
    (extra,) = statement.bound([tuple(alike.values())], start=len(names))
    given = statement.bound(rows)
    if kind.is_file:
        insert_in_file(connection, table, (*names, *alike), given, extra)
    else:
        connection.exec_driver_sql(statement.sql, [row + extra for row in given])


def insert_in_file(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: list[tuple[Any, ...]],
    extra: tuple[Any, ...],
) -> None:
    """Insert rows into SQLite's file, many in a statement; `extra` are each one's last values."""
    wide = len(rows[0])
    many = (MOST_VALUES - len(extra)) // wide
    end = len(rows) - len(rows) % many
    for start, stop, number in ((0, end, many), (end, len(rows), 1)):
        parts = (rows[at : at + number] for at in range(start, stop, number))
        values = [(*extra, *chain.from_iterable(part)) for part in parts]
        if values:
            connection.exec_driver_sql(file_insert(table, names, len(extra), number), values)


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
