"""What a whole load brought, as it is kept: hashes of its records, a block each."""

import hashlib
from typing import NamedTuple

import orjson

from feedrunner.messages import Allowed
from feedrunner.streams import STREAMS

BLOCK = 2**20
"""Bytes of records that are hashed together."""
DIGEST = 16


class Brought(NamedTuple):
    """What a whole load brought: hashes of its records, and the streams that were whole."""

    load: int
    allowed: str
    """A hash of what the feed was allowed to write, and of what we know to read."""
    whole: tuple[str, ...]
    lines: int
    size: int
    """Lines and bytes of its records."""
    blocks: str

    def text(self) -> str:
        return orjson.dumps([*self]).decode()


def read_brought(text: str | None, allowed: Allowed) -> Brought | None:
    """Return what a load brought, None where it may not be compared with."""
    if not text:
        return None
    noted = orjson.loads(text)
    if len(noted) != len(Brought._fields) or noted[1] != hash_allowed(allowed):
        return None
    load, hashed, whole, lines, size, blocks = noted
    return Brought(load, hashed, tuple(whole), lines, size, blocks)


def hash_allowed(allowed: Allowed) -> str:
    known = [[name, sorted(stream.columns)] for name, stream in STREAMS.items()]
    said = [sorted(allowed.streams), allowed.manager, allowed.most_rows, known]
    return hashlib.blake2b(orjson.dumps(said), digest_size=DIGEST).hexdigest()


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


def hash_block(block: bytes | bytearray) -> str:
    return hashlib.blake2b(block, digest_size=DIGEST).hexdigest()
