"""Hand rows of the store over to DuckDB: as a SELECT in the lake's types, wherever they come from.

Few rows come by SQLAlchemy into a table of DuckDB's memory. All of a table of an SQLite file is
read thirty times as fast by DuckDB itself, in a process of its own (lake/file_copy.py): two
libraries of SQLite in one process undo each other's locks (sqlite.org/howtocorrupt.html, 2.2.1).
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table, select

from lake.catalog import literal
from lake.lake_tables import columns, definition, names, type_of
from runtime import log

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOUSE = Path(__file__).resolve().parent.parent
ROWS = 5000
"""Rows that are handed over at once."""


def staged(table: Table) -> str:
    """Return the name of the table that rows of the store come into."""
    return f'temp.main."staged_{table.name}"'


def stage(
    lake: "DuckDBPyConnection", store: Connection, table: Table, queries: Iterable[Select[Any]]
) -> str:
    """Read the rows of queries, and of no earlier ones; return the SELECT that has them."""
    lake.execute(f"CREATE OR REPLACE TEMP TABLE {staged(table)} ({definition(table)})")
    parts = ", ".join(f"unnest(?::{type_of(one)}[])" for one in columns(table))
    for query in queries:
        for rows in pages(store, query):
            values = [list(column) for column in zip(*rows, strict=True)]
            lake.execute(f"INSERT INTO {staged(table)} SELECT {parts}", values)
    return f"SELECT {names(table)} FROM {staged(table)}"


def select_rows(table: Table) -> Select[Any]:
    """Return the query of the columns that the lake has."""
    return select(*columns(table))


def pages(store: Connection, query: Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield a query's rows, ROWS at a time, however many there are."""
    result = store.execute(query, execution_options={"stream_results": True, "yield_per": ROWS})
    yield from result.partitions()


def copy_file(path: str, wanted: Iterable[Table], folder: Path) -> dict[str, str]:
    """Copy tables of an SQLite file into `folder`; return the SELECT of each that could be read.

    One that holds a value of another type than its column's cannot; the log says so.
    """
    chosen = [table.name for table in wanted]
    if not chosen:
        return {}
    command = [sys.executable, "-m", "lake.file_copy", path, str(folder), *chosen]
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=HOUSE, capture_output=True, text=True, check=False
    )
    if done.returncode:
        log.warning("tables of the store are read row by row", cause=done.stderr[-500:])
    read = set(done.stdout.split())
    return {
        name: f"SELECT * FROM read_parquet({literal(str(folder / f'{name}.parquet'))})"
        for name in chosen
        if name in read
    }
