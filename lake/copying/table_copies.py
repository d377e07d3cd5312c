"""Copy whole tables of a store into Parquet files, by DuckDB itself in two processes of its own.

Thirty times as fast as row by row. Where the lake's files are on a disk and it has no rows of a
table yet, the file becomes the lake's own: nothing is written twice.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Table

from lake.catalog import NAME, literal
from lake.copying.differences import Changed
from lake.copying.store_scan import Scan, scan_of
from lake.lake_tables import columns, type_of
from lake.why_failed import without_secrets
from runtime import log

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOUSE = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2
"""Each with one thread, where the store is a file: two threads of one take half as much again."""
FORM = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2"
"""As the lake's own files: lake_tables.py."""


class TableCopy(NamedTuple):
    """A table of the store in a file, and how many rows it has."""

    path: Path
    rows: int

    @property
    def query(self) -> str:
        """The SELECT of its rows."""
        return f"SELECT * FROM read_parquet({literal(str(self.path))})"


def copy_tables(
    store: Connection,
    wanted: Mapping[Table, int],
    folder: Path,
    targets: Mapping[str, Path] = MappingProxyType({}),
) -> dict[str, TableCopy]:
    """Copy tables, of about so many rows, into their `targets`, else into `folder`.

    One that holds a value of another type than its column's is not copied; the log says so.
    """
    if not wanted:
        return {}
    scan = scan_of(store, folder)
    paths = {one.name: targets.get(one.name, folder / f"{one.name}.parquet") for one in wanted}
    with ThreadPoolExecutor(PROCESSES) as threads:
        parts = threads.map(lambda part: copy_part(scan, part, paths), parts_of(wanted))
        return {name: copy for part in parts for name, copy in part.items()}


def parts_of(wanted: Mapping[Table, int]) -> list[list[Table]]:
    """Share tables out to processes, so that each has about as many rows to copy."""
    parts = [(0, list[Table]()) for _ in range(min(PROCESSES, len(wanted)))]
    for table, rows in sorted(wanted.items(), key=lambda sized: -sized[1]):
        parts.sort(key=lambda part: part[0])
        parts[0] = (parts[0][0] + rows, [*parts[0][1], table])
    return [tables for _, tables in parts]


def copy_part(
    scan: Scan, wanted: Sequence[Table], paths: Mapping[str, Path]
) -> dict[str, TableCopy]:
    """Copy tables one after the other, in a process."""
    told = {
        "extension": scan.extension,
        "statements": scan.statements,
        "copies": [(one.name, statement_of(one, paths[one.name])) for one in wanted],
    }
    done = subprocess.run(
        [sys.executable, "-m", "lake.copying.file_copy"],
        cwd=HOUSE, input=json.dumps(told), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        cause = without_secrets(done.stderr[-500:], [scan.password] if scan.password else [])
        log.warning("tables of the store are read row by row", cause=cause)
    copied = (line.split() for line in done.stdout.splitlines())
    return {name: TableCopy(paths[name], int(rows)) for name, rows in copied}


def statement_of(table: Table, path: Path) -> str:
    """Return what copies a table of the store in the lake's types."""
    parts = ", ".join(f'"{one.name}"::{type_of(one)} AS "{one.name}"' for one in columns(table))
    return f'COPY (SELECT {parts} FROM store."{table.name}") TO {literal(str(path))} ({FORM})'


def places_in_lake(lake: "DuckDBPyConnection", wanted: Iterable[Table]) -> dict[str, Path]:
    """Return where files of tables may be written that become the lake's; none in a bucket.

    Those of a sync that is killed belong to nothing: maintenance removes them two days later.
    """
    row = lake.execute(f"SELECT data_path FROM ducklake_settings({literal(NAME)})").fetchone()
    if row is None or "://" in row[0]:
        return {}
    places = {one.name: Path(row[0]) / "main" / one.name for one in wanted}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    return {name: place / f"ducklake-{uuid4()}.parquet" for name, place in places.items()}


def take_over(lake: "DuckDBPyConnection", table: Table, copy: TableCopy) -> Changed:
    """Make a file that lies among the lake's the rows of a table of it that is empty."""
    names = f"{literal(NAME)}, {literal(table.name)}"
    lake.execute(f"CALL ducklake_add_data_files({names}, {literal(str(copy.path))})")
    return Changed(copy.rows)
