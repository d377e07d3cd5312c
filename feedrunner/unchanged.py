"""Pieces of a feed's output -> its lines, or none of its rows where all are those of last time.

The records of a whole load are hashed in blocks. As long as the next load begins with the same
blocks its lines are only kept; where one differs, all are read from the first on. So what comes
again is hashed, neither parsed nor looked for in the database.
"""

import hashlib
import time
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import orjson

from feedrunner.messages import LONGEST, Allowed, BadLine, read_message
from feedrunner.streams import STREAMS

BLOCK = 2**20
"""Bytes of records that are hashed together."""
DIGEST = 16
PATIENCE_SECONDS = 60.0
"""How long a state waits for the end of what may be unchanged."""
REPLAYED = 500
"""Lines that are read again together."""
OTHERS = (b'"STATE"', b'"ACTIVATE_VERSION"', b'"SCHEMA"')
"""One of which any line has that is no record, though a record may hold it too."""


class Brought(NamedTuple):
    """What a whole load brought: hashes of its records, and the streams that were whole."""

    load: int
    allowed: str
    """A hash of what the feed was allowed to write, and of what we know to read."""
    whole: tuple[str, ...]
    size: int
    """Bytes of its records."""
    blocks: str

    def text(self) -> str:
        return orjson.dumps([*self]).decode()


def read_brought(text: str | None, allowed: Allowed) -> Brought | None:
    """Return what a load brought, None where it may not be compared with."""
    if not text:
        return None
    load, hashed, whole, size, blocks = orjson.loads(text)
    if hashed != hash_allowed(allowed):
        return None
    return Brought(load, hashed, tuple(whole), size, blocks)


def hash_allowed(allowed: Allowed) -> str:
    known = [[name, sorted(stream.columns)] for name, stream in STREAMS.items()]
    said = [sorted(allowed.streams), allowed.manager, allowed.most_rows, known]
    return hashlib.blake2b(orjson.dumps(said), digest_size=DIGEST).hexdigest()


def lines_of(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of pieces, those of one together. Raises BadLine for a longer one."""
    return map(split, texts_of(pieces))


def texts_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines, those of a piece as one text. Raises BadLine for a longer one."""
    number, rest = 0, b""
    for piece in pieces:
        text = rest + piece
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        number += text.count(b"\n")
        if end:
            yield text[:end]
        if len(rest) > LONGEST:
            raise BadLine(number + 1, f"is longer than {LONGEST} bytes")
    if rest:
        yield rest + b"\n"


def split(text: bytes) -> list[bytes]:
    """Return the lines of a text, without their ends."""
    return text[:-1].split(b"\n")


class Comparison:
    """Compares what a feed brings with what its last whole load brought. One for each load."""

    def __init__(self, last: Brought | None, allowed: Allowed) -> None:
        self.last, self.allowed = last, allowed
        self.is_same = False
        """Whether no record came that the last load did not bring; known at the end."""
        self.lines = 0
        self.records = RecordHashes()
        self.whole = set[str]()
        self.others = dict[str, tuple[int, bytes]]()
        """The last state, and what is said of streams, by type and stream: numbers and lines."""

    def read(self, pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield the lines that must be read, those that came together: all, or no record.

        Raises what pieces raise.
        """
        texts = texts_of(pieces)
        if self.last is not None:
            with TemporaryFile() as kept:
                self.is_same = yield from self.compare(texts, self.last, kept)
            if self.is_same:
                for number, line in self.others.values():
                    read_message(number, line, self.allowed)  # raises what is wrong with it
                yield [line for _, line in self.others.values()]
        for text in texts:
            self.add(text)
            yield split(text)
        self.records.end()

    def compare(
        self, texts: Iterator[bytes], last: Brought, kept: IO[bytes]
    ) -> Generator[list[bytes], None, bool]:
        """Keep lines while they are those of last time; yield all of them where they are not."""
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            for text in texts:
                kept.write(text)
                has_others = self.add(text)
                is_late = has_others and time.monotonic() > until
                if is_late or not last.blocks.startswith("".join(self.records.blocks)):
                    yield from replay(kept)
                    return False
        except Exception:
            yield from replay(kept)
            raise
        self.records.end()
        said = (self.records.size, "".join(self.records.blocks))
        if said == (last.size, last.blocks) and self.whole <= {*last.whole}:
            return True
        yield from replay(kept)
        return False

    def add(self, text: bytes) -> bool:
        """Hash the records among lines; tell whether there were other lines."""
        first = self.lines + 1
        if not may_be_other(text):
            self.lines += text.count(b"\n")
            self.records.add(text)
            return False
        lines = split(text)
        self.lines += len(lines)
        numbered = enumerate(lines, start=first)
        records = [
            line
            for number, line in numbered
            if not may_be_other(line) or self.is_record(number, line)
        ]
        if records:
            self.records.add(b"\n".join([*records, b""]))
        return len(records) < len(lines)

    def is_record(self, number: int, line: bytes) -> bool:
        """Tell whether a line is a record; keep it where it is something else."""
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return True
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "ACTIVATE_VERSION":
            self.whole.add(str(value.get("stream")))
        elif kind in ("STATE", "SCHEMA"):
            self.others[f"{kind} {value.get('stream')}"] = (number, line)
        else:
            return True
        return False

    def brought(self, load: int, allowed: Allowed) -> Brought:
        """Return what this load brought, once it is done."""
        whole, blocks = tuple(sorted(self.whole)), "".join(self.records.blocks)
        return Brought(load, hash_allowed(allowed), whole, self.records.size, blocks)


def may_be_other(text: bytes) -> bool:
    """Tell whether a text may have a line that is no record."""
    return any(word in text for word in OTHERS)


class RecordHashes:
    """Hashes of bytes, a block each."""

    def __init__(self) -> None:
        self.size = 0
        self.blocks = list[str]()
        self.hasher = hashlib.blake2b(digest_size=DIGEST)

    def add(self, text: bytes) -> None:
        while text:
            free = BLOCK - self.size % BLOCK
            part, text = text[:free], text[free:]
            self.hasher.update(part)
            self.size += len(part)
            if self.size % BLOCK == 0:
                self.end()

    def end(self) -> None:
        """End a block, the last one too."""
        self.blocks.append(self.hasher.hexdigest())
        self.hasher = hashlib.blake2b(digest_size=DIGEST)


def replay(kept: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines that were kept."""
    kept.seek(0)
    while lines := [*islice(kept, REPLAYED)]:
        yield [line.removesuffix(b"\n") for line in lines]
