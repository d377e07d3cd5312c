"""Find what differs between the store's rows and the lake's, and bring the lake to the store's.

Rows are the same by `Id`. Equal ones are left alone: a sync of nothing new writes nothing. Only
marked ones that are scattered over a large table are not compared. What differs is deleted and
inserted in the caller's transaction; MERGE of DuckLake 1.0 writes a row twice that stands twice in
its source, and takes longer.
"""

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Table

from lake.lake_tables import columns, names

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


ALL = "true"
"""The scope of a whole table."""
SPAN, APART = 200_000, 100
"""Ids that so few rows may span, and those for each row more, to be compared with the lake's."""


class Changed(NamedTuple):
    """How many rows were written, and how many are gone without another in their place."""

    written: int = 0
    gone: int = 0

    def __add__(self, other: "Changed") -> "Changed":  # type: ignore[override]
        return Changed(self.written + other.written, self.gone + other.gone)


def fill(lake: "DuckDBPyConnection", table: Table, source: str) -> Changed:
    """Copy a source (a SELECT) into a table of the lake that is empty."""
    row = lake.execute(f'INSERT INTO "{table.name}" ({names(table)}) {source}').fetchone()
    return Changed(row[0] if row else 0)


def replace(lake: "DuckDBPyConnection", table: Table, source: str, scope: str) -> Changed:
    """Bring the rows of a table of the lake that are in `scope` (a condition) to a source's."""
    differ = f"SELECT {names(table, 's.')} FROM ({source}) s"
    if scope == ALL or not is_scattered(lake, source):
        values = [one.name for one in columns(table) if one.name != "Id"]
        differ += f' LEFT JOIN "{table.name}" l ON l."Id" = s."Id" WHERE l."Id" IS NULL OR '
        differ += " OR ".join(f's."{name}" IS DISTINCT FROM l."{name}"' for name in values)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {differ}")
    lake.execute(
        f'CREATE OR REPLACE TEMP TABLE gone AS SELECT l."Id" FROM "{table.name}" l'
        f' ANTI JOIN ({source}) s ON s."Id" = l."Id" WHERE {scope}'
    )
    written = count(lake, "changed")
    gone = count(lake, "gone")
    if written or gone:
        lake.execute(
            f'DELETE FROM "{table.name}" WHERE "Id" IN'
            ' (SELECT "Id" FROM temp.changed UNION ALL SELECT "Id" FROM temp.gone)'
        )
    if written:
        lake.execute(f'INSERT INTO "{table.name}" ({names(table)}) SELECT * FROM temp.changed')
    return Changed(written, gone)


def is_scattered(lake: "DuckDBPyConnection", source: str) -> bool:
    """Tell whether few rows stand so far apart that to compare them is to read all of a table."""
    row = lake.execute(f'SELECT count(*), max("Id") - min("Id") FROM ({source})').fetchone()
    rows, span = row or (0, None)
    return int(span or 0) > SPAN + APART * int(rows)


def digest(lake: "DuckDBPyConnection", table: Table, source: str) -> str:
    """Return what tells a table's rows from all others, in any order: a sum of their hashes.

    Of this release of DuckDB: another may hash otherwise.
    """
    total = f"coalesce(sum(hash({names(table)})::HUGEINT), 0)"
    query = f"SELECT concat_ws(' ', version(), count(*), {total}) FROM ({source})"
    row = lake.execute(query).fetchone()
    return str(row[0]) if row else ""


def count(lake: "DuckDBPyConnection", name: str) -> int:
    """Return how many rows a table of DuckDB's memory has."""
    row = lake.execute(f"SELECT count(*) FROM temp.{name}").fetchone()
    return int(row[0]) if row else 0
