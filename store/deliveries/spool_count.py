"""How many entries a spool was given and has lost again, apart from its file: what damage hides.

After a power cut it may say less than there was, never more.
"""

import fcntl
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

FILE = "spool.count"


class SpoolCount(NamedTuple):
    """The highest number of an acknowledged entry; how many were removed, and all up to which."""

    acknowledged: int
    removed: int
    emptied: int

    def missing(self, numbers: Iterable[int]) -> int:
        """Return how many acknowledged entries are neither removed nor among these numbers.

        What was removed may be there again, out of bytes that were not yet overwritten.
        """
        present = sum(self.emptied < number <= self.acknowledged for number in numbers)
        return max(self.acknowledged - self.removed - present, 0)


def read_count(folder: Path) -> SpoolCount | None:
    """Return what is written; None where nothing readable is. Raises OSError."""
    return change_count(folder, lambda count: count)


def begin_count(folder: Path, count: SpoolCount) -> SpoolCount:
    """Return what is written; write this where nothing readable is. Raises OSError."""
    return change_count(folder, lambda known: known or count) or count


def count_put(folder: Path, number: int) -> None:
    """Write that the entry of a number is durable. Raises OSError."""

    def add(known: SpoolCount | None) -> SpoolCount | None:
        return known and known._replace(acknowledged=max(known.acknowledged, number))

    change_count(folder, add)


def count_removed(folder: Path, entries: int, emptied: int) -> None:
    """Write, durably and before the commit, how many are removed, and all up to which.

    Raises OSError.
    """

    def add(known: SpoolCount | None) -> SpoolCount | None:
        return known and SpoolCount(
            known.acknowledged, known.removed + entries, max(known.emptied, emptied)
        )

    change_count(folder, add, durably=True)


def change_count(
    folder: Path, change: Callable[[SpoolCount | None], SpoolCount | None], durably: bool = False
) -> SpoolCount | None:
    """Write what a change makes of the count, and return it. Raises OSError."""
    file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        known = parse(os.pread(file, 100, 0))
        count = change(known)
        if count is not None and count != known:
            text = "".join(f"{number:020} " for number in count).encode()
            os.pwrite(file, text + f"{zlib.crc32(text):08x}\n".encode(), 0)
            if durably:
                os.fdatasync(file)
        return count
    finally:
        os.close(file)


def parse(raw: bytes) -> SpoolCount | None:
    """Return the numbers of a line; None where its sum is not that of the numbers."""
    text, checksum = raw[:-9], raw[-9:-1]
    if f"{zlib.crc32(text):08x}".encode() != checksum:
        return None
    return SpoolCount(*map(int, text.split()))
