"""Where deliveries wait while the database cannot take them: an SQLite file of this machine.

`put` returns when the delivery is on the disk. Any number of processes may share one folder; the
folder must be on a local disk (SQLite's log needs shared memory: https://sqlite.org/wal.html).
What is damaged there is put aside, and holds nothing up: store/deliveries/spool_damage.py.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from isal import isal_zlib

from runtime import log
from store.deliveries import spool_damage
from store.deliveries.spool_count import (
    change_count,
    count_put,
    read_count,
)
from store.deliveries.spool_damage import digest
from store.deliveries.spool_file import (
    WAIT_SECONDS,
    Entry,
    check_count,
    delete,
    entries,
    fill,
    opened,
    turn,
)
from store.deliveries.table import LEVEL, Delivery

FILE = "spool.db"

COLUMNS = ", ".join(Delivery._fields)
PUT = f"INSERT INTO entries ({COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
# The file is cut when the log is written back. As a script: `execute` would vacuum one page.
SHRINK = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
CHECK = "INSERT INTO checked VALUES (1, 1) ON CONFLICT DO UPDATE SET times = times + 1"

BEFORE_ALL = -(2**63)  # damage makes numbers that nobody gave

Result = TypeVar("Result")


class SpoolError(Exception):
    """The spool cannot be read or written; the text says why."""


class Spool:
    """The spool in a folder, made on first use. Make it after a fork; threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / FILE
        self.lock = threading.Lock()
        self.renewed = folder / spool_damage.WHOLE
        self.opened: tuple[sqlite3.Connection, os.stat_result] | None = None

    def put(self, delivery: Delivery) -> None:
        """Store a delivery, durable on return. Raises SpoolError."""
        values = delivery._replace(body=isal_zlib.compress(delivery.body, LEVEL))._asdict()
        values["receivetime"] = delivery.receivetime.isoformat()
        row = tuple(values.values())

        def insert(connection: sqlite3.Connection) -> int | None:
            return connection.execute(PUT, (*row, digest(row))).lastrowid

        self.run(insert, lambda number: count_put(self.folder, number or 0))

    def take(self, most: int, after: int = BEFORE_ALL) -> list[Entry]:
        """Return the oldest entries with a number above `after`; they stay. Raises SpoolError.

        One that is damaged is put aside, and is no more in the spool.
        """
        return self.run(lambda connection: entries(connection, self.folder, most, after))

    def remove(self, numbers: Iterable[int]) -> None:
        """Delete entries whose deliveries are safe elsewhere. Raises SpoolError."""
        gone = list(numbers)
        self.run(lambda connection: delete(connection, self.folder, gone))

    def shrink(self) -> None:
        """Give the room of removed entries back to the disk. Raises SpoolError.

        What is missing then was hidden by damage, and is looked for in the file itself.
        """

        def cut(connection: sqlite3.Connection) -> None:
            check_count(connection, self.folder)
            connection.executescript(SHRINK)

        self.run(cut)

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

    def run(
        self,
        work: Callable[[sqlite3.Connection], Result],
        noted: Callable[[Result], None] = lambda result: None,
    ) -> Result:
        """Return what `work` returns, committed and then noted. Raises SpoolError.

        A damaged file is put aside for a new one with all that could be read of it.
        """
        if not self.lock.acquire(timeout=WAIT_SECONDS):
            raise SpoolError(f"{self.file} was busy for {WAIT_SECONDS} s")
        try:
            try:
                return self.work(work, noted)
            except sqlite3.DatabaseError as error:
                if not spool_damage.is_damage(error):
                    raise
                self.renew(str(error))
            return self.work(work, noted)
        except (sqlite3.Error, OSError) as error:
            self.drop()
            raise SpoolError(f"{self.file}: {error}") from error
        finally:
            self.lock.release()

    def work(
        self, work: Callable[[sqlite3.Connection], Result], noted: Callable[[Result], None]
    ) -> Result:
        """Do it in a transaction that begins with the first change."""
        with turn(self.folder, fcntl.LOCK_SH):
            if not self.renewed.exists():
                with self.connection() as connection:
                    result = work(connection)
                noted(result)
                return result
        with turn(self.folder, fcntl.LOCK_EX):  # who began it was killed
            if self.renewed.exists():
                self.drop()
                spool_damage.finish(self.file)
        return self.work(work, noted)

    def connection(self) -> sqlite3.Connection:
        """Return the connection to the file that bears the name now: a removed one is made anew."""
        if self.opened is not None:
            connection, known = self.opened
            if self.file.exists() and os.path.samestat(self.file.stat(), known):
                return connection
            self.drop()
        connection = opened(self.file)
        self.opened = connection, self.file.stat()
        check_count(connection, self.folder)
        return connection

    def renew(self, why: str) -> None:
        """Put the file aside and begin a new one with what is readable of it."""
        known = self.opened and self.opened[1]
        with turn(self.folder, fcntl.LOCK_EX):
            if self.is_renewed(known):
                return
            # While its log is there: the last connection that closes removes it.
            rescue = spool_damage.copy_aside(self.file, read_count(self.folder))
            self.drop()
            spool_damage.replace(self.file, rescue, fill)
            change_count(self.folder, lambda _: rescue.counted())
        log.warning("the spool's file was damaged and is put aside", cause=why, **rescue.told())

    def is_renewed(self, known: os.stat_result | None) -> bool:
        """Tell whether another process has put a new file in the place of a damaged one."""
        if known is not None:
            return self.file.exists() and not os.path.samestat(self.file.stat(), known)
        try:
            self.connection()
        except sqlite3.DatabaseError:
            return False
        return True

    def drop(self) -> None:
        """Close the connection, whatever state it is in."""
        if self.opened is not None:
            self.opened[0].close()
            self.opened = None
