"""Keep the lake small and quick: merge its files, let old snapshots go, and what they alone had.

Under the lease of the syncs: files of a transaction that is open elsewhere look like orphans.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from config.lake_place import SQLITE, LakeSettings
from lake.catalog import one_thread, write_rows_as_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KEPT = timedelta(days=30)
"""How long every snapshot is kept; of older ones, the first of a week."""
ORPHANS = "2 days"
"""Older than any transaction."""
WORN = 0.01
"""Of the rows of a file: so many deleted ones have it written anew."""
NIGHT = 3
"""The hour in UTC from which `sync --daemon` maintains, once a day."""


class Maintained(NamedTuple):
    """What maintenance did."""

    files_before: int
    files: int
    snapshots: int
    """Snapshots that were let go."""


def maintain(lake: "DuckDBPyConnection", now: datetime | None = None) -> Maintained:
    """Merge and clean up. Raises duckdb.Error."""
    before = count_files(lake)
    write_rows_as_files(lake)
    with one_thread(lake):
        lake.execute(f"CALL ducklake_rewrite_data_files('lake', delete_threshold => {WORN})")
        lake.execute("CALL ducklake_merge_adjacent_files('lake')")
    old = snapshots_to_expire(list_snapshots(lake), now or datetime.now(UTC))
    if old:
        versions = ", ".join(map(str, old))
        lake.execute(f"CALL ducklake_expire_snapshots('lake', versions => [{versions}])")
    since = f"now() - INTERVAL '{ORPHANS}'"
    lake.execute(f"CALL ducklake_cleanup_old_files('lake', older_than => {since})")
    lake.execute(f"CALL ducklake_delete_orphaned_files('lake', older_than => {since})")
    return Maintained(before, count_files(lake), len(old))


def list_snapshots(lake: "DuckDBPyConnection") -> list[tuple[int, datetime]]:
    """Return the snapshots' numbers and times, the first one first."""
    query = "SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake') ORDER BY 1"
    return lake.execute(query).fetchall()


def snapshots_to_expire(snapshots: list[tuple[int, datetime]], now: datetime) -> list[int]:
    """Return the snapshots that are let go: old, not the first of a week, not the newest."""
    weeks: set[tuple[int, int]] = set()
    old: list[int] = []
    for number, time in snapshots[:-1]:
        week = time.isocalendar()[:2]
        if time < now - KEPT and week in weeks:
            old.append(number)
        weeks.add(week)
    return old


def count_files(lake: "DuckDBPyConnection") -> int:
    """Return how many files the newest snapshot is made of."""
    row = lake.execute(
        "SELECT coalesce(sum(file_count + delete_file_count), 0) FROM ducklake_table_info('lake')"
    ).fetchone()
    return int(row[0]) if row else 0


def back_up(settings: LakeSettings) -> Path | None:
    """Copy a catalog that is a file beside itself, replacing the last copy; return its path."""
    if settings.kind != SQLITE:
        return None
    copy = Path(f"{settings.catalog}.before-maintain")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(settings.catalog)) as catalog:
        catalog.execute("VACUUM INTO ?", (str(copy),))
    return copy


def night_of(now: datetime) -> date:
    """Return the day whose night's maintenance is due: from 3:00 in UTC on it is today's."""
    return (now - timedelta(hours=NIGHT)).date()
