"""Rows of new keys -> an INSERT as the driver takes it, or a COPY, with the least work for each.

Hundreds of thousands of rows by SQLAlchemy's own way take twice the time: it names each value.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, bindparam

from engines.kind import kind_of


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
    """Insert rows, whose values are in the order of their columns' names; `alike` all have."""
    copies = kind_of(connection).has_arrays
    statement = bulk_insert(connection.dialect, table, (*names, *alike), copies)
    (extra,) = statement.bound([tuple(alike.values())], start=len(names))
    connection.exec_driver_sql(statement.sql, [row + extra for row in statement.bound(rows)])


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
