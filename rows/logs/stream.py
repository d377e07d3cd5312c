"""Pieces of a body of any length -> blocks of whole lines, for one reader or several at once."""

from collections.abc import Iterable, Sequence
from typing import Protocol

BLOCK = 65_536
"""Bytes that are put together before a reader sees them."""
LONGEST_RAW = 16_384
"""Bytes of a line that are kept; the rest of it is dropped, so that no line fills the memory."""


class LogReader(Protocol):
    """What wants to see a log, in one pass, beside others."""

    def read(self, block: bytes) -> None:
        """Take the next lines, each whole and with its end; how many come at once means nothing."""


class LineBlocks:
    """Cut pieces into blocks of whole lines and give each to the readers, in the log's order."""

    def __init__(self, readers: Sequence[LogReader]) -> None:
        self.readers = readers
        self.pieces: list[bytes] = []
        self.length = 0
        self.is_cutting = False
        """Whether the line that goes on has had all its bytes that are kept."""

    def feed(self, piece: bytes) -> None:
        """Take the next bytes; they may begin and end anywhere."""
        self.pieces.append(piece)
        self.length += len(piece)
        if self.length >= BLOCK:
            self.give(is_last=False)

    def end(self) -> None:
        """Give what is left: the last line needs no end."""
        self.give(is_last=True)

    def give(self, *, is_last: bool) -> None:
        """Give all whole lines to the readers, and hold what may go on."""
        held = b"".join(self.pieces)
        if self.is_cutting:
            _, newline, held = held.partition(b"\n")
            self.is_cutting = not newline
        end = held.rfind(b"\n") + 1
        block, unfinished = held[:end], held[end:]
        if unfinished and (is_last or len(unfinished) >= LONGEST_RAW):
            block += unfinished[:LONGEST_RAW] + b"\n"
            unfinished, self.is_cutting = b"", not is_last
        self.pieces, self.length = [unfinished], len(unfinished)
        if block:
            block = cut_long_lines(block)
            for reader in self.readers:
                reader.read(block)


def cut_long_lines(block: bytes) -> bytes:
    """Return lines with at most LONGEST_RAW bytes each; it looks at few of them to know."""
    kept, begin, place = list[bytes](), 0, 0
    while len(block) - place > LONGEST_RAW:
        end = block.rfind(b"\n", place, place + LONGEST_RAW + 1)
        if end < 0:
            kept.append(block[begin : place + LONGEST_RAW])
            begin = end = block.find(b"\n", place + LONGEST_RAW)
        place = end + 1
    return b"".join([*kept, block[begin:]]) if kept else block


def pass_on(pieces: Iterable[bytes], readers: Sequence[LogReader]) -> None:
    """Give a whole log to the readers."""
    blocks = LineBlocks(readers)
    for piece in pieces:
        blocks.feed(piece)
    blocks.end()
