"""Copy tables of a store to Parquet: `python -m lake.copying.file_copy`, told by a line on stdin.

A process of its own: two libraries of SQLite in one undo each other's locks. Prints the names of
the tables that it copied.
"""

import importlib
import json
import sys
from typing import Any

from lake.catalog import literal
from lake.extensions import open_duckdb
from lake.lake_tables import columns, tables, type_of


def main() -> int:
    """Copy the tables; 1 where one could not be read, which stderr says."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    duckdb = importlib.import_module("duckdb")
    connection = open_duckdb(told["extension"])
    for statement in told["statements"]:
        connection.execute(statement)
    failed = 0
    for table in (one for one in tables() if one.name in told["tables"]):
        parts = ", ".join(f'"{one.name}"::{type_of(one)} AS "{one.name}"' for one in columns(table))
        target = literal(f"{told['folder']}/{table.name}.parquet")
        try:
            connection.execute(
                f'COPY (SELECT {parts} FROM store."{table.name}") TO {target}'
                " (FORMAT parquet, COMPRESSION snappy)"
            )
        except duckdb.Error as error:
            print(f"{table.name}: {error}", file=sys.stderr)
            failed = 1
            continue
        print(table.name, flush=True)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
