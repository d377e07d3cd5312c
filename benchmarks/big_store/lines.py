"""Rows of an SQLite file as lines of text, which SQLite puts together itself: LOAD DATA and COPY.

https://www.postgresql.org/docs/current/sql-copy.html, and what MySQL reads without being told.
"""

import sqlite3
from collections.abc import Callable, Iterator

import sqlalchemy as sa

BATCH = 2000
PLAIN = frozenset(("INTEGER", "BIGINT", "BOOLEAN", "DATETIME", "TIMESTAMP"))
"""Types whose text holds nothing that ends a field."""
ESCAPED = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def read_columns(file: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """Return the names and types of a table's columns, in order."""
    return [(name, kind) for _, name, kind, *_ in file.execute(f"PRAGMA table_info({table})")]


def list_shared(file: sqlite3.Connection, table: sa.Table) -> list[tuple[str, str]]:
    """Return the names and types of the columns that a table has in the file, too, in order."""
    return [(name, kind) for name, kind in read_columns(file, table.name) if name in table.c]


def read_lines(
    file: sqlite3.Connection, table: sa.Table, of_bytes: Callable[[str], str]
) -> Iterator[bytes]:
    """Give a table's rows, some thousand at a time; `of_bytes` makes text of a column of bytes."""
    fields = " || char(9) || ".join(
        f"ifnull({field(name, kind, of_bytes)}, '\\N')" for name, kind in list_shared(file, table)
    )
    asked = f"SELECT {fields} || char(10) FROM {table.name} ORDER BY Id"  # noqa: S608 - our own names
    rows = file.execute(asked)
    while lines := rows.fetchmany(BATCH):
        yield "".join(line for (line,) in lines).encode()


def field(name: str, kind: str, of_bytes: Callable[[str], str]) -> str:
    """Return SQL for the text of a column."""
    text = f'"{name}"'
    if kind in PLAIN:
        return text
    if kind in ("DOUBLE", "BLOB"):  # of NULL either would make a value
        made = of_bytes(text) if kind == "BLOB" else f"printf('%!.17g', {text})"
        return f"CASE WHEN {text} IS NOT NULL THEN {made} END"
    for character, escape in ESCAPED:
        text = f"replace({text}, char({ord(character)}), '{escape}')"
    return text
