"""Rows of packages as records name them -> the numbers that the tables name them by."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select

from engines.bulk.listed import rows_listed
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
    query = select(*columns).where(*selection.conditions)
    wide = len(key)
    own: Callable[[Any], Any] = itemgetter(0) if wide == 1 else itemgetter(slice(wide))
    rows = rows_listed(connection, query, selection.column, selection.values)
    return {own(row): Stored(row[wide], row[wide + 1 :]) for row in rows}


def last_number(connection: Connection, table: Table) -> int:
    """Return the greatest number of a table's rows."""
    return connection.scalar(select(func.max(table.c.Id))) or 0


def numbers_since(
    connection: Connection, table: Table, key: Sequence[str], last: int
) -> dict[Any, int]:
    """Return the numbers of rows by their key, of those that came after a number."""
    columns = [table.c[name] for name in key]
    query = select(table.c.Id, *columns).where(table.c.Id > last)
    own: Callable[[Any], Any] = itemgetter(1) if len(key) == 1 else itemgetter(slice(1, None))
    return {own(row): row[0] for row in connection.execute(query).all()}


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


def has_packages(connection: Connection, manager: int) -> bool:
    """Tell whether a registry has packages."""
    c = tables.packages.c
    query = select(c.Id).where(c.package_manager_id == manager).limit(1)
    return connection.scalar(query) is not None


def packages_named(manager: int, import_ids: Collection[str]) -> Selection:
    """Return which packages a registry tells by these."""
    c = tables.packages.c
    return Selection(c.import_id, import_ids, (c.package_manager_id == manager,))


def find_addresses(connection: Connection, urls: Collection[str]) -> dict[tuple[str, int], int]:
    """Return the numbers of addresses, by themselves and their types."""
    c = tables.urls.c
    rows = rows_listed(connection, select(c.url, c.url_type_id, c.Id), c.url, urls)
    return {(url, kind): number for url, kind, number in rows}


def find_pairs(connection: Connection, packages: Collection[int]) -> set[tuple[int, int]]:
    """Return which addresses packages have, by their numbers."""
    c = tables.package_urls.c
    rows = rows_listed(connection, select(c.package_id, c.url_id), c.package_id, packages)
    return {(package, url) for package, url in rows}
