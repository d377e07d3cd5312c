"""Where deliveries wait while the database cannot take them: an SQLite file of this machine.

`put` returns when the delivery is on the disk. Any number of processes may share one folder; the
folder must be on a local disk (SQLite's log needs shared memory: https://sqlite.org/wal.html).
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from isal import isal_zlib

from store.deliveries.table import LEVEL, Delivery

FILE = "spool.db"
WAIT_SECONDS = 1.5  # for this process's threads, and again for other processes
TAKEN_BYTES = 32_000_000  # of bodies at once, unless a single one is larger
LOG_BYTES = 16_000_000  # the log is cut to this after it was large

SCHEMA = f"""
PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)};
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = {LOG_BYTES};
CREATE TABLE IF NOT EXISTS entries (
    Id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, guid TEXT NOT NULL,
    hookid INTEGER, event TEXT NOT NULL, action TEXT, repo TEXT, receivetime TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS checked (one INTEGER PRIMARY KEY, times INTEGER NOT NULL);
"""
COLUMNS = ", ".join(Delivery._fields)
PUT = f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our names
TAKE = f"SELECT Id, {COLUMNS} FROM entries WHERE Id > ? ORDER BY Id LIMIT ?"  # noqa: S608 - same
REMOVE = "DELETE FROM entries WHERE Id = ?"
# The file is cut when the log is written back. As a script: `execute` would vacuum one page.
SHRINK = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
CHECK = "INSERT INTO checked VALUES (1, 1) ON CONFLICT DO UPDATE SET times = times + 1"

Result = TypeVar("Result")


class SpoolError(Exception):
    """The spool cannot be read or written; the text says why."""


class Entry(NamedTuple):
    """A waiting delivery and its number in the spool."""

    number: int
    delivery: Delivery


class Spool:
    """The spool in a folder, made on first use. Make it after a fork; threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / FILE
        self.lock = threading.Lock()
        self.opened: tuple[sqlite3.Connection, os.stat_result] | None = None

    def put(self, delivery: Delivery) -> None:
        """Store a delivery, durable on return. Raises SpoolError."""
        values = delivery._replace(body=isal_zlib.compress(delivery.body, LEVEL))._asdict()
        values["receivetime"] = delivery.receivetime.isoformat()
        self.run(lambda connection: connection.execute(PUT, tuple(values.values())))

    def take(self, most: int, after: int = 0) -> list[Entry]:
        """Return the oldest entries with a number above `after`; they stay. Raises SpoolError."""
        return self.run(lambda connection: entries(connection, most, after))

    def remove(self, numbers: Iterable[int]) -> None:
        """Delete entries whose deliveries are safe elsewhere. Raises SpoolError."""
        keys = [(number,) for number in numbers]
        self.run(lambda connection: connection.executemany(REMOVE, keys))

    def shrink(self) -> None:
        """Give the room of removed entries back to the disk. Raises SpoolError."""
        self.run(lambda connection: connection.executescript(SHRINK))

    def count(self) -> int:
        """Return how many deliveries wait. Raises SpoolError."""
        return int(self.one("SELECT count(*) FROM entries") or 0)

    def oldest(self) -> datetime | None:
        """Return when the first that waits was received, UTC without zone. Raises SpoolError."""
        oldest = self.one("SELECT min(receivetime) FROM entries")
        return None if oldest is None else datetime.fromisoformat(oldest)

    def check(self) -> None:
        """Raise SpoolError unless something can be written durably now."""
        self.run(lambda connection: connection.execute(CHECK))

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self.lock:
            self.drop()

    def one(self, query: str) -> str | None:
        """Return the one value of a query."""
        body: str | None = self.run(lambda connection: connection.execute(query).fetchone()[0])
        return body

    def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what `work` returns, committed. Raises SpoolError."""
        if not self.lock.acquire(timeout=WAIT_SECONDS):
            raise SpoolError(f"{self.file} was busy for {WAIT_SECONDS} s")
        try:
            with self.connection() as connection:  # a transaction begins with the first change
                return work(connection)
        except (sqlite3.Error, OSError, isal_zlib.error) as error:  # type: ignore[misc] # in stubs
            self.drop()
            raise SpoolError(f"{self.file}: {error}") from error
        finally:
            self.lock.release()

    def connection(self) -> sqlite3.Connection:
        """Return the connection to the file that bears the name now: a removed one is made anew."""
        if self.opened is not None:
            connection, known = self.opened
            if self.file.exists() and os.path.samestat(self.file.stat(), known):
                return connection
            self.drop()
        connection = opened(self.file)
        self.opened = connection, self.file.stat()
        return connection

    def drop(self) -> None:
        """Close the connection, whatever state it is in."""
        if self.opened is not None:
            self.opened[0].close()
            self.opened = None


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
        try:
            connection.executescript(SCHEMA)
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


def entries(connection: sqlite3.Connection, most: int, after: int) -> list[Entry]:
    """Read entries up to a number and a size."""
    entries, size = list[Entry](), 0
    for number, *values in connection.execute(TAKE, (after, most)):
        delivery = Delivery(*values)
        body, time = isal_zlib.decompress(delivery.body), str(delivery.receivetime)
        size += len(body)
        if entries and size > TAKEN_BYTES:
            break
        delivery = delivery._replace(receivetime=datetime.fromisoformat(time), body=body)
        entries.append(Entry(number, delivery))
    return entries
