"""Bring the lake to what the store has: what changed by its marks, or everything.

Every row once, whatever is killed: see lake/marks.py.
"""

import importlib
import json
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Engine, Table, exists, func, select

from engines.transaction import transact
from lake import marks
from lake.copying import differences, store_rows
from lake.copying.differences import Changed
from lake.copying.unmarked_tables import StoreRead, copy_unmarked, count_rows
from lake.extensions import scratch_folder
from lake.lake_tables import MARKED, OF_RUNS, SYNCS, make_tables, release, tables
from lake.marks import Marks, changed_spans, queries_of, scope_of
from rows.counted import counted
from schema.migrate import known_revisions
from schema.tables.ci import workflowruns
from schema.tables.lake_notes import lakes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RUNS = 10_000
"""Marked runs that one transaction copies."""
TRIES = 8
"""A catalog in a file refuses the second of two writers at once: all of its work is done again."""
RELEASE, REVISION = "release", "revision"
"""Among the digests: what the lake's tables and views were made from, and the store's."""
INCREMENTAL, FULL = "incremental", "full"


class Store(NamedTuple):
    """The store: for the notes in it, and to read at one moment."""

    writer: Engine
    reader: Engine


class OtherStore(Exception):
    """A store that does not know the lake has fewer runs: what it lacks would go from the lake."""


class LastSync(NamedTuple):
    """A lake's id, the name of its last sync, and what that found in the store."""

    lakeid: str
    sync: str | None = None
    read: StoreRead = StoreRead()
    number: int = 0


class SyncReport(NamedTuple):
    """What a sync did, and whether marks are left that it did not read."""

    mode: str
    changed: Changed
    is_more: bool = False


def sync_all(store: Store, lake: "DuckDBPyConnection", *, full: bool = False) -> SyncReport:
    """Sync until no marks are left; a full copy is followed by what changed meanwhile.

    Raises duckdb.Error and DBAPIError: nothing is half done then, the next sync goes on; and
    OtherStore, but for a full one.
    """
    last = None if full else known_sync(lake)
    if last is None or last.read.digests.get(RELEASE) != release():
        make_tables(lake)
    if not full:
        refuse_other_store(store, lake, last or last_sync(lake))
        # An upgrade may have changed rows, and marks none.
        full = last is not None and last.read.digests.get(REVISION) != known_revisions()[0]
    report = sync(store, lake, full=full)
    mode, changed = report.mode, report.changed
    while report.is_more:
        report = sync(store, lake)
        changed += report.changed
    return SyncReport(mode, changed)


def refuse_other_store(store: Store, lake: "DuckDBPyConnection", last: LastSync) -> None:
    """Raise OtherStore where the store that the lake was made from was lost, or is another."""
    is_known = exists().where(lakes.c.lakeid == last.lakeid)
    with store.reader.connect() as reader:
        if reader.scalar(select(is_known)):
            return
        stored = reader.scalar(select(func.count()).select_from(workflowruns)) or 0
    row = lake.execute("SELECT count(*) FROM workflowruns").fetchone()
    held = row[0] if row else 0
    if stored < held:
        raise OtherStore(
            f"the lake has {counted(held, 'run')}, and the store, which does not know it,"
            f" {stored:,}: is DATABASE_URL the one it was made from?"
            " lake.py sync --full makes them alike"
        )


def sync(store: Store, lake: "DuckDBPyConnection", *, full: bool = False) -> SyncReport:
    """Do one transaction of the lake, again where another writer was quicker."""
    duckdb = importlib.import_module("duckdb")
    for left in reversed(range(TRIES)):
        try:
            return try_sync(store, lake, full=full)
        except BaseException as error:
            roll_back(lake)
            if not left or not isinstance(error, duckdb.TransactionException):
                raise
        time.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - no secret
    raise AssertionError("the last try returns or raises")


def roll_back(lake: "DuckDBPyConnection") -> None:
    """End a transaction, where one is open."""
    duckdb = importlib.import_module("duckdb")
    try:
        lake.execute("ROLLBACK")
    except duckdb.TransactionException:
        return


def try_sync(store: Store, lake: "DuckDBPyConnection", *, full: bool) -> SyncReport:
    """Do one transaction of the lake between two of the store."""
    lake.execute("BEGIN")  # first: each statement outside of one reads the whole catalog anew
    last, name = last_sync(lake), secrets.token_hex(16)
    lakeid = last.lakeid
    is_known = transact(store.writer, lambda each: marks.begin(each, lakeid, name, last.sync))
    mode = INCREMENTAL if is_known and not full else FULL
    with TemporaryDirectory(dir=scratch_folder()) as folder, store.reader.connect() as reader:
        seen = marks.read(reader, RUNS)
        spans = changed_spans(lake, seen)
        marked = [] if mode == FULL else [one for one in tables() if one.name in MARKED]
        whole = [one for one in tables() if one not in marked]
        changed, read = copy_unmarked(
            lake, reader, whole, last.read if last.sync else None, Path(folder), full=mode == FULL
        )
        held = {**last.read.rows, **read.rows} if last.sync else {}
        for table in marked:
            copied = copy_marked(reader, lake, table, seen, spans)
            changed += copied
            if any(copied):
                held.pop(table.name, None)
        stored = count_rows(reader, [one for one in marked if one.name not in OF_RUNS])
        for table in counted_otherwise(lake, marked, stored, held):
            query = store_rows.stage(lake, reader, table, [store_rows.select_rows(table)])
            changed += differences.replace(lake, table, query, differences.ALL)
        made = {RELEASE: release(), REVISION: known_revisions()[0]}
        read = StoreRead({**read.rows, **stored}, {**read.digests, **made})
    is_marked = seen.runs or seen.repositories or seen.commits
    # What a full one reads may have other digests, of another release of DuckDB.
    is_told = is_known and (mode == INCREMENTAL or read == last.read)
    if is_told and not any(changed) and not is_marked:
        lake.execute("ROLLBACK")
        name = last.sync or name
    else:
        note(lake, LastSync(lakeid, name, read, last.number + 1), mode, changed)
        lake.execute("COMMIT")
    transact(store.writer, lambda each: marks.end(each, lakeid, name, seen))
    is_more = len(seen.runs) >= RUNS or len(seen.commits) >= RUNS
    return SyncReport(mode, changed, mode == FULL or is_more)


def known_sync(lake: "DuckDBPyConnection") -> LastSync | None:
    """Return what the lake says of itself; None where it is empty."""
    duckdb = importlib.import_module("duckdb")
    try:
        return last_sync(lake)
    except duckdb.CatalogException:
        return None


def last_sync(lake: "DuckDBPyConnection") -> LastSync:
    """Return what the lake says of itself; a new one gets its id."""
    query = f"SELECT lakeid, sync, rows, number FROM {SYNCS} ORDER BY number DESC LIMIT 1"
    row = lake.execute(query).fetchone()
    if row is None:
        return LastSync(secrets.token_hex(16))
    told = json.loads(row[2])
    read = StoreRead(told.get("rows", {}), told.get("digests", {}))
    return LastSync(row[0], row[1], read, row[3])


def note(lake: "DuckDBPyConnection", done: LastSync, mode: str, changed: Changed) -> None:
    """Write the sync's own row, and what `snapshots()` shows of it."""
    lake.execute(
        f"INSERT INTO {SYNCS} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            done.number,
            done.sync,
            done.lakeid,
            marks.utc(),
            mode,
            *changed,
            json.dumps(done.read._asdict()),
        ],
    )
    extra = json.dumps({"sync": done.sync, "mode": mode, **changed._asdict()})
    lake.execute(
        "CALL lake.set_commit_message('runledger', ?, extra_info => ?)", [f"{mode} sync", extra]
    )


def copy_marked(
    reader: Connection,
    lake: "DuckDBPyConnection",
    table: Table,
    seen: Marks,
    spans: Sequence[datetime],
) -> Changed:
    """Bring the marked rows of a table to the store's."""
    scope = scope_of(lake, table, seen, spans)
    if scope is None:
        return Changed()
    query = store_rows.stage(lake, reader, table, queries_of(table, seen, spans))
    return differences.replace(lake, table, query, scope)


def counted_otherwise(
    lake: "DuckDBPyConnection",
    marked: Sequence[Table],
    stored: Mapping[str, int],
    held: Mapping[str, int],
) -> list[Table]:
    """Return the tables whose marks do not tell of rows that went, where their counts differ.

    `held`: how many rows the lake has, of tables that nothing was written to since that was known.
    """
    open_tables = [one for one in marked if stored.get(one.name) != held.get(one.name)]
    counted = [one for one in open_tables if one.name in stored]
    if not counted:
        return []
    parts = ", ".join(f'(SELECT count(*) FROM "{one.name}")' for one in counted)
    counts = lake.execute(f"SELECT {parts}").fetchone() or ()
    return [one for one, rows in zip(counted, counts, strict=True) if rows != stored[one.name]]
