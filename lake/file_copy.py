"""Copy tables of an SQLite file to Parquet: `python -m lake.file_copy FILE FOLDER TABLE ...`.

A process of its own, which nothing else reads or writes the file in. Prints the names of the tables
that it copied.
"""

import importlib
import sys
from collections.abc import Sequence

from lake.catalog import literal
from lake.extensions import open_duckdb
from lake.lake_tables import columns, tables, type_of


def main(argv: Sequence[str] | None = None) -> int:
    """Copy the tables; 1 where one could not be read, which stderr says."""
    path, folder, *wanted = sys.argv[1:] if argv is None else argv
    duckdb = importlib.import_module("duckdb")
    connection = open_duckdb("sqlite_scanner")
    connection.execute(f"ATTACH {literal(path)} AS store (TYPE sqlite, READ_ONLY)")
    failed = 0
    for table in (one for one in tables() if one.name in wanted):
        parts = ", ".join(f'"{one.name}"::{type_of(one)} AS "{one.name}"' for one in columns(table))
        target = literal(f"{folder}/{table.name}.parquet")
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
