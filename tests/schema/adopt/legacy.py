"""Databases in the documented schema, as an installation from before this programme left them."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from engines import connect, reading
from schema.tables.ci import metadata

NAMES = ("repos", "branches", "commits", "workflows", "workflowruns")
COLUMNS = {
    "repos": "name varchar(50) UNIQUE",
    "branches": "name varchar(50) UNIQUE, author varchar(50), repo varchar(50)",
    "commits": "hash varchar(100) UNIQUE, author varchar(50), message text, time datetime,"
    " repo varchar(50)",
    "workflows": "name varchar(50) UNIQUE, url varchar(100), repo varchar(50)",
    "workflowruns": "gitid bigint UNIQUE, author varchar(50), runtime float, createtime datetime,"
    " starttime datetime, endtime datetime, queuetime bigint DEFAULT 0, status varchar(50),"
    " conclusion varchar(50), url varchar(100), branchname varchar(100), commithash varchar(100),"
    " workflowname varchar(50), repo varchar(50), os varchar(100)",
}
NUMBER = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT"}
Rows = dict[str, list[dict[str, Any]]]


def create(engine: Engine, charset: str = "latin1", more: Mapping[str, str] | None = None) -> None:
    """Make the five documented tables; `more` adds columns to a table."""
    number = NUMBER.get(engine.dialect.name, "int AUTO_INCREMENT PRIMARY KEY")
    tail = "" if engine.dialect.name == "sqlite" else f" DEFAULT CHARSET={charset}"
    with engine.begin() as connection:
        for name in NAMES:
            added = f", {more[name]}" if more and name in more else ""
            ddl = f"CREATE TABLE {name} (Id {number}, {COLUMNS[name]}{added}){tail}"
            connection.execute(sa.text(ddl))


def insert(engine: Engine, rows: Rows) -> None:
    """Store rows as they are."""
    with engine.begin() as connection:
        for name, found in rows.items():
            if found:
                table = sa.table(name, *(sa.column(one) for one in found[0]))
                connection.execute(table.insert(), found)


def cut(value: object, width: int) -> object:
    """Return a value as a narrow column without strictness keeps it."""
    return value[:width] if isinstance(value, str) else value


WIDTHS = {"url": 100, "branchname": 100, "commithash": 100, "hash": 100, "os": 100}
UNIQUE = {
    "repos": "name",
    "branches": "name",
    "commits": "hash",
    "workflows": "name",
    "workflowruns": "gitid",
}


def remembered(url: str, naming: Callable[[str], str | None]) -> Rows:
    """Return what the old installation would have kept of a store: cut, and the first of each name.

    `naming` gives the name that it used for a repository.
    """
    engine = connect(url)
    found: Rows = {name: [] for name in NAMES}
    try:
        with reading(engine).connect() as connection:
            for name in NAMES:
                seen: set[object] = set()
                table = metadata.tables[name]
                for row in connection.execute(sa.select(table).order_by(table.c.Id)).mappings():
                    values = as_before(name, row, naming)
                    key = values[UNIQUE[name]]
                    key = key.casefold() if isinstance(key, str) else key
                    if key not in seen:
                        seen.add(key)
                        found[name].append(values)
    finally:
        engine.dispose()
    return found


def as_before(
    name: str, row: Mapping[str, Any], naming: Callable[[str], str | None]
) -> dict[str, Any]:
    """Return the documented columns of a row, as narrow as they were, without its Id."""
    values = {}
    for part in COLUMNS[name].split(", "):
        column = part.split()[0]
        value = row[column]
        if column == "repo" or (name, column) == ("repos", "name"):
            value = naming(value)
        if column != "message" and hasattr(value, "microsecond"):
            value = value.replace(microsecond=0)
        values[column] = value if column == "message" else cut(value, WIDTHS.get(column, 50))
    return values
