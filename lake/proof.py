"""Prove that the lake has what the store has: every column of every row, by month."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Table

from lake import store_rows
from lake.lake_tables import columns, tables
from lake.sync import FEW, Store, copied_tables, count_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAMED = 5
"""Ids that are named of a table's rows that differ."""
TIMES = ("createtime", "time", "receivetime")
"""A table's columns whose month is named, the first of them that it has."""


class Difference(NamedTuple):
    """What differs in a month of a table: how many rows each side has, and Ids that differ."""

    table: str
    month: str
    store: int
    lake: int
    ids: tuple[int, ...]

    def __str__(self) -> str:
        rows = f"{self.store:,} rows in the store, {self.lake:,} in the lake"
        named = f"; Id {', '.join(map(str, self.ids))}" if self.ids else ""
        return f"{self.table} {self.month}: {rows}{named}"


def compare(store: Store, lake: "DuckDBPyConnection") -> tuple[int, list[Difference]]:
    """Return how many rows were compared, and what differs. Raises duckdb.Error: a file is gone."""
    total, differences = 0, list[Difference]()
    with TemporaryDirectory(prefix="runledger-lake-") as folder, store.reader.connect() as reader:
        stored = count_rows(reader, tables())
        large = [one for one in tables() if stored[one.name] > FEW]
        copies = copied_tables(reader, Path(folder), large)
        for table in tables():
            queries = [store_rows.select_rows(table)] if stored[table.name] else []
            query = copies.get(table.name) or store_rows.stage(lake, reader, table, queries)
            total += stored[table.name]
            differences += compare_table(lake, table, query)
    return total, differences


def compare_table(lake: "DuckDBPyConnection", table: Table, query: str) -> list[Difference]:
    """Return the months of a table whose rows differ."""
    time = next((name for name in TIMES if name in table.c), None)
    month = f"coalesce(strftime({time}, '%Y-%m'), 'without a time')" if time else "'all'"
    row = ", ".join(f'"{one.name}"' for one in columns(table))
    side = f'SELECT {month} AS month, "Id" AS id, hash({row}) AS row'
    lake.execute(f"CREATE OR REPLACE TEMP TABLE ours AS {side} FROM ({query})")
    lake.execute(f'CREATE OR REPLACE TEMP TABLE theirs AS {side} FROM "{table.name}"')
    sums = "SELECT month, count(*) AS rows, sum(row::HUGEINT) AS total"
    months = lake.execute(
        f"WITH o AS ({sums} FROM temp.ours GROUP BY month), t AS ({sums} FROM temp.theirs"
        " GROUP BY month) SELECT coalesce(o.month, t.month), coalesce(o.rows, 0),"
        " coalesce(t.rows, 0) FROM o FULL JOIN t ON o.month = t.month"
        " WHERE o.rows IS DISTINCT FROM t.rows OR o.total IS DISTINCT FROM t.total ORDER BY 1"
    ).fetchall()
    return [
        Difference(table.name, name, ours, theirs, differing(lake, name))
        for name, ours, theirs in months
    ]


def differing(lake: "DuckDBPyConnection", month: str) -> tuple[int, ...]:
    """Return some Ids of rows that differ in a month."""
    rows = lake.execute(
        "SELECT DISTINCT id FROM ((SELECT id, row FROM temp.ours WHERE month = $1 EXCEPT ALL"
        " SELECT id, row FROM temp.theirs WHERE month = $1) UNION ALL (SELECT id, row FROM"
        " temp.theirs WHERE month = $1 EXCEPT ALL SELECT id, row FROM temp.ours WHERE month = $1))"
        f" ORDER BY id LIMIT {NAMED}",
        [month],
    ).fetchall()
    return tuple(number for (number,) in rows)
