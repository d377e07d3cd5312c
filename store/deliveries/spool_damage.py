"""What becomes of a damaged spool: an entry is put aside alone, a file whole, and the rest goes on.

Every entry has a digest of its values. So a file that SQLite refuses is read without it, record by
record, and only whole ones are believed (docs/decisions/0026-a-damaged-spool.md).
"""

import base64
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from isal import isal_zlib

from store.deliveries.spool_count import SpoolCount
from store.deliveries.sqlite_records import Value, read_records
from store.deliveries.table import Delivery

FOLDER = "damaged"
WHOLE = "spool.whole.db"  # a new file that is ready to take the place of the damaged one
PART = "spool.part.db"
LOGS = ("-wal", "-shm")
UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}


class DamagedEntry(Exception):
    """The values of an entry are not those that were stored."""


class MissingEntries(sqlite3.DatabaseError):
    """Acknowledged entries are not in the file."""


class Rescue(NamedTuple):
    """Rows that a damaged file had, the last number given, how many are lost, its copy."""

    rows: list[tuple[Any, ...]]
    last: int
    lost: int
    copy: Path

    def counted(self) -> SpoolCount:
        """Return the count of the new file."""
        first = self.rows[0][0] if self.rows else self.last + 1
        return SpoolCount(self.last, self.last - len(self.rows), first - 1)

    def told(self) -> dict[str, object]:
        """Return what somebody should know of it; the oldest is a time in UTC."""
        oldest = self.rows[0][7] if self.rows else None
        return {"kept": self.copy, "read": len(self.rows), "oldest": oldest, "lost": self.lost}


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell damage from a busy file, a full disk or a statement that is wrong."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    is_refused = code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return is_refused or code in UNREADABLE or isinstance(error, MissingEntries)


def digest(values: Sequence[object]) -> bytes:
    """Return what tells the values of an entry from all others."""
    hashed = blake2b(digest_size=16)
    for value in values:
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        raw = raw if isinstance(raw, bytes) else repr(raw).encode()
        hashed.update(b"%d:" % len(raw) + raw)
    return hashed.digest()


def read_values(values: Sequence[Any]) -> Delivery:
    """Return the delivery of an entry's columns. Raises DamagedEntry."""
    *stored, mark = values
    if mark is not None and mark != digest(stored):
        raise DamagedEntry("its values have changed on the disk")
    try:
        delivery = Delivery(*stored)
        body, received = isal_zlib.decompress(delivery.body), str(delivery.receivetime)
        return delivery._replace(receivetime=datetime.fromisoformat(received), body=body)
    # Where a release wrote no digest. (The stubs do not know that `error` is an exception.)
    except (isal_zlib.error, ValueError, TypeError) as error:  # type: ignore[misc]
        raise DamagedEntry(str(error)) from error


def put_aside(folder: Path, number: int, values: Sequence[object]) -> str:
    """Keep a damaged entry as it is, in a file of its own; return its name. Raises OSError."""
    names = (*Delivery._fields, "digest")
    kept = {name: plain(value) for name, value in zip(names, values, strict=True)}
    file = aside(folder) / f"entry-{number}.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept, indent=1))
    return str(file)


def plain(value: object) -> object:
    """Return a value as JSON can hold it: bytes as base64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def damaged(folder: Path) -> list[Path]:
    """List what was put aside and nobody has looked at and removed. Raises OSError."""
    names = folder / FOLDER
    return sorted(names.iterdir()) if names.is_dir() else []


def copy_aside(file: Path, count: SpoolCount | None) -> Rescue:
    """Read a damaged file for all that is whole in it, and keep a copy of it. Raises OSError."""
    rows = dict[int, tuple[Any, ...]]()
    for number, values in read_records(file, len(Delivery._fields) + 2):
        stored = tuple(
            text(value, name) for value, name in zip(values[1:-1], Delivery._fields, strict=True)
        )
        if values[-1] == digest(stored) and 0 < number < 1 << 62:
            rows[number] = (number, *stored, values[-1])
    copy = aside(file.parent) / f"spool-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.db"
    for suffix in ("", LOGS[0]):
        source = file.with_name(file.name + suffix)
        if source.exists():
            shutil.copy(source, copy.with_name(copy.name + suffix))
    last = max(count.acknowledged if count else 0, *rows, 0)
    lost = count.missing(rows) if count else 0
    rescue = Rescue([rows[number] for number in sorted(rows)], last, lost, copy)
    copy.with_suffix(".json").write_text(json.dumps(rescue.told(), default=str))
    return rescue


def text(value: Value, column: str) -> object:
    """Return a column's value as SQLite would: all bytes but the body's are text."""
    if isinstance(value, bytes) and column != "body":
        return value.decode("utf-8", "surrogateescape")
    return value


def replace(
    file: Path, rescue: Rescue, fill: Callable[[Path, Iterable[tuple[Any, ...]], int], None]
) -> None:
    """Put a new file with what was read in the damaged one's place. Raises OSError, sqlite3.Error.

    Whoever finds the whole new file, after a kill, goes on with `finish`.
    """
    part = file.with_name(PART)
    for suffix in ("", *LOGS):
        part.with_name(PART + suffix).unlink(missing_ok=True)
    fill(part, rescue.rows, rescue.last)
    part.replace(file.with_name(WHOLE))
    finish(file)


def finish(file: Path) -> None:
    """Let the new file take the damaged one's place. Raises OSError."""
    for suffix in LOGS:
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.with_name(WHOLE).replace(file)


def aside(folder: Path) -> Path:
    """Return the folder of what is damaged, made where it is missing."""
    names = folder / FOLDER
    names.mkdir(mode=0o700, exist_ok=True)
    return names
