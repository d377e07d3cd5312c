"""Prove that the lake has what the store had at the last sync: every column of every row, by month.

What came since is no difference. Rows of runs and repositories that are marked wait for the next
sync; a table without marks is proven by the digest of the store's that the sync left beside it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Table

from lake import marks
from lake.copying import differences, store_rows, table_copies
from lake.copying.unmarked_tables import FEW, StoreRead, count_rows
from lake.extensions import scratch_folder
from lake.lake_tables import MARKED, columns, tables
from lake.sync import Store, last_sync
from rows.counted import counted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EVERY = 1_000_000
"""Marks that are read at most."""
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
        rows = f"{counted(self.store, 'row')} in the store, {self.lake:,} in the lake"
        named = f"; Id {', '.join(map(str, self.ids))}" if self.ids else ""
        return f"{self.table} {self.month}: {rows}{named}"


def compare(store: Store, lake: "DuckDBPyConnection") -> tuple[int, list[Difference]]:
    """Return how many rows were compared, and what differs. Raises duckdb.Error: a file is gone."""
    total, different = 0, list[Difference]()
    last = last_sync(lake).read
    with TemporaryDirectory(dir=scratch_folder()) as folder, store.reader.connect() as reader:
        seen = marks.read(reader, EVERY)
        stored = count_rows(reader, tables())
        open_tables = [one for one in tables() if not is_as_synced(lake, one, last)]
        large = {one: stored[one.name] for one in open_tables if stored[one.name] > FEW}
        copies = table_copies.copy_tables(reader, large, Path(folder))
        # What was copied by another process may be newer than this moment, and its marks, too.
        with store.writer.connect() as later:
            seen = seen.union(marks.read(later, EVERY))
        spans = marks.changed_spans(lake, seen)
        for table in tables():
            total += stored[table.name]
            if table in open_tables:
                queries = [store_rows.select_rows(table)] if stored[table.name] else []
                copy = copies.get(table.name)
                query = copy.query if copy else store_rows.stage(lake, reader, table, queries)
                waiting = marks.scope_of(lake, table, seen, spans) if table.name in MARKED else None
                different += compare_table(lake, table, query, waiting or "false")
    return total, different


def is_as_synced(lake: "DuckDBPyConnection", table: Table, last: StoreRead) -> bool:
    """Tell whether a table without marks is what the last sync left, reading all of its columns."""
    if table.name in MARKED:
        return False
    if last.rows.get(table.name) == 0:
        return lake.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1').fetchone() is None
    query = f'SELECT * FROM "{table.name}"'
    return differences.digest(lake, table, query) == last.digests.get(table.name)


def compare_table(
    lake: "DuckDBPyConnection", table: Table, query: str, waiting: str
) -> list[Difference]:
    """Return the months of a table whose rows differ, but for those that wait (a condition)."""
    time = next((name for name in TIMES if name in table.c), None)
    month = f"coalesce(strftime({time}, '%Y-%m'), 'without a time')" if time else "'all'"
    row = ", ".join(f'"{one.name}"' for one in columns(table))
    side = f'SELECT {month} AS month, "Id" AS id, hash({row}) AS row'
    due = f"WHERE ({waiting}) IS NOT TRUE"
    lake.execute(f"CREATE OR REPLACE TEMP TABLE ours AS {side} FROM ({query}) l {due}")
    lake.execute(f'CREATE OR REPLACE TEMP TABLE theirs AS {side} FROM "{table.name}" l {due}')
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
