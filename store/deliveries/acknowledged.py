"""How many deliveries a file was given, apart from it: what a cut log or an older copy hides.

A file beside the database's (`NAME-count`) has the highest number of a delivery that was
acknowledged, raised after its commit. So after a kill or a power cut it says less than there was,
never more. What was missing once is kept in it until somebody removes it.
"""

import fcntl
import json
import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from engines import kind_of, reading
from rows.counted import counted
from runtime.log import ChangeAlert
from schema.tables.deliveries import deliveries

SUFFIX = "-count"
BYTES = 4096
COUNTING = ChangeAlert("deliveries are not counted", "deliveries are counted")
HEALED = "--audit --repair brings their rows"


class Acknowledged(NamedTuple):
    """The highest number of an acknowledged delivery; how many are lost; since when, and why."""

    number: int
    lost: int = 0
    why: str = ""


def count_file(engine: Engine) -> Path | None:
    """Return the file of the count; None for a server, or a database in memory."""
    database = engine.url.database
    if not kind_of(engine.url).is_file or not database or database == ":memory:":
        return None
    return Path(f"{database}{SUFFIX}")


def last_number(connection: Connection) -> int:
    """Return the highest number of a stored delivery; 0 where none are counted."""
    if kind_of(connection).last_number is None:
        return 0
    return connection.scalar(select(func.max(deliveries.c.Id))) or 0


def note(engine: Engine, number: int) -> None:
    """Write that the delivery of a number, and all before it, are durable."""
    file = count_file(engine)
    if file is None or not number:
        return
    try:
        change(file, lambda known: known._replace(number=max(known.number, number)))
    except OSError as error:  # the count is lower then, and claims less
        COUNTING.warn(str(error))
    else:
        COUNTING.clear()


def look(engine: Engine) -> str:
    """Compare a file with its count before anything is written; return what is wrong with it.

    A loss is noted, and counted once. Raises SQLAlchemyError.
    """
    file, kind = count_file(engine), kind_of(engine.url)
    if file is None or kind.last_number is None:
        return ""
    try:
        before = change(file, lambda known: known).number  # first: others write meanwhile
    except OSError as error:
        return f"{file}: {error.strerror}"
    with reading(engine).connect() as connection:
        last = kind.last_number(connection, deliveries.name)

    def compare(known: Acknowledged) -> Acknowledged:
        missing = max(before - last, 0)
        if not missing:
            return known._replace(number=max(known.number, last))
        why = f"found at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: its log was cut, or it is older"
        return Acknowledged(last, known.lost + missing, known.why or why)

    return told(file, change(file, compare))


def look_without(database: str) -> str:
    """Return what is wrong where a database's file is not there: a count says that it was."""
    file = Path(f"{database}{SUFFIX}")
    if not file.exists():
        return ""
    known = change(file, lambda known: known)
    gone = Acknowledged(0, known.lost + known.number, known.why or "the file is gone")
    return told(file, gone)


def told(file: Path, known: Acknowledged) -> str:
    """Return what somebody should know; empty where nothing is wrong."""
    if not known.why:
        return ""
    name = str(file).removesuffix(SUFFIX)
    lost = counted(known.lost, "acknowledged delivery is", "acknowledged deliveries are")
    return f"{lost} not in {name} ({known.why}): restore a backup, or {HEALED}; then remove {file}"


def change(file: Path, make: Callable[[Acknowledged], Acknowledged]) -> Acknowledged:
    """Write what becomes of the count, and return it. Raises OSError."""
    number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)  # until it is closed
        known = parse(os.pread(number, BYTES, 0))
        count = make(known)
        if count != known:
            text = json.dumps(count).encode()
            os.pwrite(number, b"%08x %b\n" % (zlib.crc32(text), text.ljust(BYTES // 4)), 0)
        return count
    finally:
        os.close(number)


def parse(raw: bytes) -> Acknowledged:
    """Return what is written; nothing was acknowledged where that cannot be read."""
    checksum, _, rest = raw.partition(b" ")
    text = rest.strip()
    if not text or b"%08x" % zlib.crc32(text) != checksum:
        return Acknowledged(0)
    return Acknowledged(*json.loads(text))
