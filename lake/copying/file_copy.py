"""Copy tables of a store to Parquet: `python -m lake.copying.file_copy`, told by a line on stdin.

A process of its own: two libraries of SQLite in one undo each other's locks. Prints the names of
the tables that it copied, and how many rows they have. It needs little to begin: no SQLAlchemy.
"""

import importlib
import json
import sys
from typing import Any

from lake.extensions import PROVEN_BY_PIP, open_duckdb


def main() -> int:
    """Copy the tables; 1 where one could not be read, which stderr says."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    duckdb = importlib.import_module("duckdb")
    connection = open_duckdb(told["extension"], **PROVEN_BY_PIP)
    for statement in told["statements"]:
        connection.execute(statement)
    failed = 0
    for name, statement in told["copies"]:
        try:
            row = connection.execute(statement).fetchone()
        except duckdb.Error as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = 1
            continue
        print(name, row[0] if row else 0, flush=True)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
