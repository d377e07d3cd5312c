"""The spool's file: opened and made, read entry by entry, checked against its count, refilled."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from rows.counted import counted
from runtime import log
from store.deliveries import spool_damage
from store.deliveries.spool_count import SpoolCount, begin_count, count_removed, read_count
from store.deliveries.spool_damage import DamagedEntry
from store.deliveries.table import Delivery

WAIT_SECONDS = 1.5  # for this process's threads, and again for other processes
TAKEN_BYTES = 32_000_000  # of bodies at once, unless a single one is larger
LOG_BYTES = 16_000_000  # the log is cut to this after it was large

SCHEMA = f"""
PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)};
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = {LOG_BYTES};
CREATE TABLE IF NOT EXISTS entries (
    Id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, guid TEXT NOT NULL,
    hookid INTEGER, event TEXT NOT NULL, action TEXT, repo TEXT, receivetime TEXT NOT NULL,
    body BLOB NOT NULL, digest BLOB
);
CREATE TABLE IF NOT EXISTS checked (one INTEGER PRIMARY KEY, times INTEGER NOT NULL);
"""
INCREMENTAL = 2
COLUMNS = ", ".join(Delivery._fields)
BODY = Delivery._fields.index("body")
TAKE = f"SELECT Id, {COLUMNS}, digest FROM entries WHERE Id > ? ORDER BY Id LIMIT ?"  # noqa: S608
ADD_DIGEST = "ALTER TABLE entries ADD COLUMN digest BLOB"  # to the file of an earlier release
REFILL = f"INSERT INTO entries VALUES ({', '.join('?' * 10)})"  # noqa: S608 - places alone
UNNUMBERED = "DELETE FROM sqlite_sequence"
CONTINUE = "INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)"
LISTED = "SELECT name FROM pragma_table_info('entries')"
LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
FIRST = "SELECT min(Id) FROM entries"
NUMBERS = "SELECT Id FROM entries"
REMOVE = "DELETE FROM entries WHERE Id = ?"


class Entry(NamedTuple):
    """A waiting delivery, its number in the spool, and its body as it is compressed there."""

    number: int
    delivery: Delivery
    packed: bytes | None = None


def opened(file: Path) -> sqlite3.Connection:
    """Open the file, made with its folder where it is missing. Raises OSError, sqlite3.Error."""
    missing = [folder for folder in (file.parent, *file.parent.parents) if not folder.exists()]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.parent)
    with (file.parent / "open.lock").open("w") as turn:
        # Two processes that make the file at once would find it locked, without a wait.
        fcntl.flock(turn, fcntl.LOCK_EX)
        connection = sqlite3.connect(
            file, timeout=WAIT_SECONDS, check_same_thread=False, isolation_level="IMMEDIATE"
        )
        # Damaged text is no text; its bytes come through.
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        try:
            # Writes, also where it is so already: a full disk would let nothing be taken out.
            if connection.execute("PRAGMA auto_vacuum").fetchone() != (INCREMENTAL,):
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.executescript(SCHEMA)
            if ("digest",) not in connection.execute(LISTED).fetchall():
                connection.execute(ADD_DIGEST)
        except sqlite3.Error:
            connection.close()
            raise
    sync(file.parent)
    return connection


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def turn(folder: Path, kind: int) -> Iterator[None]:
    """Hold the folder's file as it is: LOCK_SH to use it, LOCK_EX to put another in its place."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "file.lock").open("w") as lock:
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(lock, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.005)
        yield


def check_count(connection: sqlite3.Connection, folder: Path) -> None:
    """Raise MissingEntries unless every acknowledged entry is there, or was removed."""
    # Read before the entries: what another process adds meanwhile is not missing.
    before = read_count(folder)
    numbers = [number for (number,) in connection.execute(NUMBERS)]
    (last,) = connection.execute(LAST).fetchone()
    removed, emptied = max(last - len(numbers), 0), min(numbers, default=last + 1) - 1
    # Read after the entries: what is not there any more was counted before its commit.
    count = begin_count(folder, SpoolCount(last, removed, emptied))
    known = before.acknowledged if before else max(numbers, default=0)
    missing = count._replace(acknowledged=min(count.acknowledged, known)).missing(numbers)
    if missing:
        lost = counted(missing, "acknowledged delivery is", "acknowledged deliveries are")
        raise spool_damage.MissingEntries(f"{lost} not in it")


def delete(connection: sqlite3.Connection, folder: Path, numbers: Sequence[int]) -> None:
    """Delete entries, and count them. Raises OSError, sqlite3.Error."""
    gone = connection.executemany(REMOVE, [(number,) for number in numbers]).rowcount
    (first,) = connection.execute(FIRST).fetchone()
    emptied = max(numbers, default=0) if first is None else first - 1
    count_removed(folder, gone, emptied)


def fill(file: Path, rows: Iterable[tuple[object, ...]], last: int) -> None:
    """Make a spool with these entries, in which the next has a number above `last`."""
    with closing(opened(file)) as connection, connection:
        connection.executemany(REFILL, rows)
        connection.execute(UNNUMBERED)
        connection.execute(CONTINUE, (last,))


def entries(connection: sqlite3.Connection, folder: Path, most: int, after: int) -> list[Entry]:
    """Read entries up to a number and a size, and put aside what is damaged."""
    entries, size, damaged = list[Entry](), 0, list[int]()
    for number, *values in connection.execute(TAKE, (after, most)):
        try:
            delivery = spool_damage.read_values(values)
        except DamagedEntry as error:
            name = spool_damage.put_aside(folder, number, values)
            why = str(error)
            log.warning("an entry of the spool is damaged", number=number, why=why, kept=name)
            damaged.append(number)
            continue
        size += len(delivery.body)
        if entries and size > TAKEN_BYTES:
            break
        entries.append(Entry(number, delivery, values[BODY]))
    if damaged:
        delete(connection, folder, damaged)
    return entries
