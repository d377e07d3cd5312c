"""Pieces of a feed's output -> its lines, or none of its rows where all are those of last time.

The records of a whole load are hashed in blocks. As long as the next load begins with the same
blocks its output is only kept; where one differs, all lines are read from the first on. So what
comes again is hashed, neither cut into lines nor parsed nor looked for in the database.
"""

import time
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

from feedrunner.comparing.brought import Brought, RecordHashes, hash_allowed
from feedrunner.comparing.same_records import OtherLines, SameRecords
from feedrunner.messages import Allowed, lines_of
from feedrunner.process import PIECE

PATIENCE_SECONDS = 60.0
"""How long a state waits for the end of what may be unchanged."""


class Comparison:
    """Compares what a feed brings with what its last whole load brought. One for each load."""

    def __init__(self, last: Brought | None, allowed: Allowed) -> None:
        self.last, self.allowed = last, allowed
        self.is_same = False
        """Whether no record came that the last load did not bring; known at the end."""
        self.lines = 0
        self.records = RecordHashes()
        self.others = OtherLines(allowed)

    def read(self, pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield the lines that must be read, those that came together: all, or no record.

        Raises what pieces raise.
        """
        if self.last is None:
            yield from self.read_all(pieces)
            return
        pieces = iter(pieces)
        with TemporaryFile() as kept:
            same = SameRecords(self.last.blocks, self.allowed)
            try:
                self.is_same = self.compare(pieces, same, self.last, kept)
            except Exception as error:
                yield from self.read_all(replay(kept, raising(error)))
                raise
            if self.is_same:
                self.lines = self.last.lines + same.others.count
                yield [*same.others.last.values()]
            else:
                yield from self.read_all(replay(kept, pieces))

    def read_all(self, pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield all lines, and hash the records among them."""
        for lines in lines_of(pieces):
            self.lines += len(lines)
            self.records.add(self.others.without(lines))
            yield lines
        self.records.end()

    def compare(
        self, pieces: Iterator[bytes], same: SameRecords, last: Brought, kept: IO[bytes]
    ) -> bool:
        """Keep pieces while their records are those of last time; tell whether all were."""
        until = time.monotonic() + PATIENCE_SECONDS
        for piece in pieces:
            kept.write(piece)
            same.text += piece
            if not same.go_on():
                return False
            if time.monotonic() > until and same.has_others():
                return False
        is_same = same.end(last.size) and same.others.whole <= {*last.whole}
        return is_same and not same.others.is_bad  # Whoever reads all lines says which is bad.

    def brought(self, load: int, allowed: Allowed) -> Brought:
        """Return what this load brought, once it is done."""
        whole, blocks = tuple(sorted(self.others.whole)), "".join(self.records.blocks)
        lines = self.lines - self.others.count
        return Brought(load, hash_allowed(allowed), whole, lines, self.records.size, blocks)


def replay(kept: IO[bytes], rest: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what was kept, and what comes behind it."""
    kept.seek(0)
    yield from iter(lambda: kept.read(PIECE), b"")
    yield from rest


def raising(error: Exception) -> Iterator[bytes]:
    """Raise an error where the next piece is asked for."""
    raise error
    yield b""
