"""Rows of packages as records name them -> the numbers that the tables name them by."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from engines.chunks import chunks
from schema.tables import packages as tables


def word_ids(
    connection: Connection, table: Table, column: str, words: Collection[str], now: datetime
) -> dict[str, int]:
    """Return the numbers of words of a table, written where they are new."""
    ids = find_words(connection, table, column, words)
    new = [word for word in words if word not in ids]
    if new:
        rows = [{column: word, "created_at": now, "updated_at": now} for word in new]
        connection.execute(insert(table), rows)
        ids |= find_words(connection, table, column, new)
    return ids


def find_words(
    connection: Connection, table: Table, column: str, words: Collection[str]
) -> dict[str, int]:
    ids = dict[str, int]()
    for part in chunks([*words]):
        query = select(table.c[column], table.c.Id).where(table.c[column].in_(part))
        ids |= {word: number for word, number in connection.execute(query)}
    return ids


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


def find_packages(
    connection: Connection, manager: int, import_ids: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """Return the rows of packages by what their registry tells them by."""
    c, rows = tables.packages.c, dict[str, Mapping[str, Any]]()
    for part in chunks([*import_ids]):
        query = select(tables.packages).where(
            c.package_manager_id == manager, c.import_id.in_(part)
        )
        rows |= {row["import_id"]: row for row in connection.execute(query).mappings()}
    return rows


def find_versions(
    connection: Connection, package_ids: Collection[int]
) -> dict[tuple[int, str], Mapping[str, Any]]:
    """Return the rows of versions by their package's number and their text."""
    table, rows = tables.versions, dict[tuple[int, str], Mapping[str, Any]]()
    for part in chunks([*package_ids]):
        query = select(table).where(table.c.package_id.in_(part))
        rows |= {
            (row["package_id"], row["version"]): row for row in connection.execute(query).mappings()
        }
    return rows


def find_of_versions(
    connection: Connection, table: Table, version_ids: Collection[int]
) -> list[Mapping[str, Any]]:
    """Return the rows of a table that belong to versions."""
    rows = list[Mapping[str, Any]]()
    for part in chunks([*version_ids]):
        query = select(table).where(table.c.version_id.in_(part))
        rows.extend(dict(row) for row in connection.execute(query).mappings())
    return rows


def find_addresses(connection: Connection, urls: Collection[str]) -> dict[tuple[str, int], int]:
    """Return the numbers of addresses by themselves and their types."""
    table, numbers = tables.urls, dict[tuple[str, int], int]()
    for part in chunks([*urls]):
        query = select(table.c.url, table.c.url_type_id, table.c.Id).where(table.c.url.in_(part))
        numbers |= {(url, kind): number for url, kind, number in connection.execute(query)}
    return numbers


def find_package_addresses(
    connection: Connection, package_ids: Collection[int]
) -> set[tuple[int, int]]:
    """Return which packages have which addresses."""
    table, pairs = tables.package_urls, set[tuple[int, int]]()
    for part in chunks([*package_ids]):
        query = select(table.c.package_id, table.c.url_id).where(table.c.package_id.in_(part))
        pairs |= {(package, url) for package, url in connection.execute(query)}
    return pairs
