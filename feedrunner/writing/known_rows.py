"""Rows of packages as records name them -> the numbers that the tables name them by."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, insert, select

from engines.chunks import chunks
from schema.tables import packages as tables


class Stored(NamedTuple):
    """A row that is stored: its number, and the values of the columns that were asked for."""

    number: int
    values: tuple[Any, ...]


class Selection(NamedTuple):
    """Which rows are meant: those whose column has one of these values, and more conditions."""

    column: ColumnElement[Any]
    values: Collection[Any]
    conditions: tuple[ColumnElement[bool], ...] = ()


def find(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    names: Sequence[str],
    selection: Selection,
) -> dict[Any, Stored]:
    """Return rows by their key: a value, or a tuple of values where it is of several columns."""
    columns = [table.c[name] for name in (*key, "Id", *names)]
    # The values are bound by name: SQLAlchemy looks at each of a list.
    bound: Any = bindparam("selection", expanding=True)
    query = select(*columns).where(selection.column.in_(bound), *selection.conditions)
    wide, rows = len(key), dict[Any, Stored]()
    own: Callable[[Any], Any] = itemgetter(0) if wide == 1 else itemgetter(slice(wide))
    for part in chunks(selection.values):
        for row in connection.execute(query, {"selection": part}).all():
            rows[own(row)] = Stored(row[wide], row[wide + 1 :])
    return rows


def word_ids(
    connection: Connection, table: Table, column: str, words: Collection[str], now: datetime
) -> dict[str, int]:
    """Return the numbers of words of a table, written where they are new."""
    ids = numbers_of(connection, table, column, Selection(table.c[column], words))
    new = [word for word in words if word not in ids]
    if new:
        rows = [{column: word, "created_at": now, "updated_at": now} for word in new]
        connection.execute(insert(table), rows)
        ids |= numbers_of(connection, table, column, Selection(table.c[column], new))
    return ids


def numbers_of(
    connection: Connection, table: Table, key: str, selection: Selection
) -> dict[str, int]:
    """Return the numbers of rows by a column."""
    return {own: row.number for own, row in find(connection, table, [key], [], selection).items()}


def manager_id(connection: Connection, manager: str, now: datetime) -> int:
    """Return the number of a registry, which is written where it is new."""
    source = word_ids(connection, tables.sources, "type", [manager], now)[manager]
    table = tables.package_managers
    query = select(table.c.Id).where(table.c.source_id == source)
    number = connection.scalar(query)
    if number is None:
        row = {"source_id": source, "created_at": now, "updated_at": now}
        connection.execute(insert(table), [row])
        number = connection.scalar(query)
    return int(number or 0)


def packages_named(manager: int, import_ids: Collection[str]) -> Selection:
    """Return which packages a registry tells by these."""
    c = tables.packages.c
    return Selection(c.import_id, import_ids, (c.package_manager_id == manager,))


def find_addresses(connection: Connection, urls: Collection[str]) -> Mapping[Any, Stored]:
    """Return addresses by themselves and their types."""
    table = tables.urls
    return find(connection, table, ["url", "url_type_id"], [], Selection(table.c.url, urls))
