"""What SQLite itself does not say of a damaged file: its log is cut in silence at a bad frame.

https://www.sqlite.org/fileformat2.html#the_write_ahead_log and, for its index in memory,
https://www.sqlite.org/walformat.html#the_wal_index_file_format
"""

import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext

from engines.kind import Promise

CHECK_SECONDS = 10.0
"""For a look over all of a file; what is not reached then is looked at by a listener's upkeep."""
STEPS = 20_000  # of SQLite's machine between two looks at the clock
SHOWN = 3
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RESTORE = "restore a backup (docs/operating.md, Back it up, and restore it)"
LOG_HEAD, FRAME_HEAD = 32, 24


class FileState(NamedTuple):
    """The last number that a table gave, and how many commits of the log could not be read."""

    last: int
    dropped: int


def read_state(connection: Connection, table: str) -> FileState:
    """Return what a file still holds. Raises SQLAlchemyError."""
    is_made = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'"
    ).scalar_one()
    query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"
    last = connection.exec_driver_sql(query, (table,)).scalar_one() if is_made else 0
    return FileState(int(last), count_dropped(Path(connection.engine.url.database or "")))


def count_dropped(file: Path) -> int:
    """Return how many commits stand in a log behind the last one that SQLite took from it.

    The file must be open: only then there is the log's index, which says which one that is.
    """
    log, index = file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")
    try:
        before, frames, after = index.read_bytes()[:48], list(read_frames(log)), index.read_bytes()
    except FileNotFoundError:
        return 0
    if len(before) < 48 or before[32:40] != after[32:40]:
        return 0  # another process has begun the log anew meanwhile
    (last,) = struct.unpack_from("=I", after, 16)
    salts = bytes(after[32:40])
    if not any(salts):  # not even the log's head was taken
        return sum(size > 0 for size, _ in frames)
    return sum(size > 0 and salt == salts for size, salt in frames[last:])


def read_frames(log: Path) -> Iterator[tuple[int, bytes]]:
    """Yield of each frame the size of the database after its commit, 0 before it, and its salts."""
    with log.open("rb") as file:
        size = int.from_bytes(file.read(LOG_HEAD)[8:12], "big")
        page = size if size in (1 << power for power in range(9, 17)) else 4096
        while len(head := file.read(FRAME_HEAD)) == FRAME_HEAD:
            # The index has them as they stand in the file.
            yield int.from_bytes(head[4:8], "big"), head[8:16]
            file.seek(page, 1)


def check_file(connection: Connection) -> list[Promise]:
    """Look over all of a file, its indexes too, for as long as there is time."""
    database = connection.engine.url.database
    return [look_over(database)] if database and database != ":memory:" else []


def look_over(database: str) -> Promise:
    """Return what SQLite finds to be wrong with a file."""
    address = f"file:{quote(str(Path(database).absolute()))}?mode=ro"
    end = time.monotonic() + CHECK_SECONDS
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as reader:
        reader.text_factory = lambda raw: raw.decode("utf-8", "replace")  # it may be damaged
        reader.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)
        try:
            rows = reader.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
            wrong = " ".join("; ".join(text for (text,) in rows).split())
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                state = f"nothing is wrong in what {CHECK_SECONDS:.0f} s were enough for"
                return Promise("file", state, "")
            wrong = str(error)
    if wrong == "ok":
        return Promise("file", "its pages and indexes are whole", "")
    return Promise("file", "", f"{database} is damaged: {wrong}: {RESTORE}")


def name_file(context: ExceptionContext) -> None:
    """Let an error that says that a file is damaged say which, and what helps."""
    error, engine = context.original_exception, context.engine
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in DAMAGED and engine is not None and RESTORE not in str(error):
        error.args = (f"{error}: {engine.url.database}: {RESTORE}",)
