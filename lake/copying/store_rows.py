"""Hand rows of the store over to DuckDB: as a SELECT in the lake's types, wherever they come from.

Few rows come by SQLAlchemy into a table of DuckDB's memory. All of a table is read thirty times
as fast by DuckDB itself, in processes of its own (table_copies.py): two libraries of SQLite in
one process undo each other's locks (sqlite.org/howtocorrupt.html, 2.2.1).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table, select

from lake.lake_tables import columns, definition, names, type_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS = 5000
"""Rows that are handed over at once."""


def staged(table: Table) -> str:
    """Return the name of the table that rows of the store come into."""
    return f'temp.main."staged_{table.name}"'


def stage(
    lake: "DuckDBPyConnection", store: Connection, table: Table, queries: Iterable[Select[Any]]
) -> str:
    """Read the rows of queries, and of no earlier ones; return the SELECT that has them."""
    return stage_pages(lake, table, (page for query in queries for page in pages(store, query)))


def stage_pages(
    lake: "DuckDBPyConnection", table: Table, given: Iterable[Sequence[Sequence[Any]]]
) -> str:
    """Hand rows over, and no earlier ones; return the SELECT that has them."""
    lake.execute(f"CREATE OR REPLACE TEMP TABLE {staged(table)} ({definition(table)})")
    parts = ", ".join(f"unnest(?::{type_of(one)}[])" for one in columns(table))
    for rows in given:
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
