"""Pieces of output, compared by hashes with the records of last time."""

import orjson

from feedrunner.comparing import brought
from feedrunner.comparing.brought import DIGEST, hash_block
from feedrunner.messages import LONGEST, Allowed, BadLine, read_message

OTHERS = (b'"STATE"', b'"ACTIVATE_VERSION"', b'"SCHEMA"')
"""One of which any line has that is no record, though a record may hold it too."""
USUAL = (b'{"type": "RECORD"', b'{"type":"RECORD"')
"""What records begin with, as most programs print them."""


class SameRecords:
    """Output whose records were, up to here, those of last time; a part of it waits."""

    def __init__(self, blocks: str, allowed: Allowed) -> None:
        self.blocks, self.number = blocks, 0
        """Hashes of last time, and how many of them came again."""
        self.head, self.text = b"", bytearray()
        """The begin of the line that the last of these blocks cuts, and what came behind it."""
        self.others = OtherLines(allowed)

    def go_on(self) -> bool:
        """Compare the blocks that are whole, each line that began in one too; tell whether they
        are the same, as far as that is known."""
        while len(self.text) >= brought.BLOCK and self.text.find(b"\n", brought.BLOCK - 1) >= 0:
            block = bytes(memoryview(self.text)[: brought.BLOCK])
            if self.is_next(block):
                self.number += 1
                del self.text[: brought.BLOCK]
                end = block.rfind(b"\n") + 1
                self.head = block[end:] if end else self.head + block
            elif not self.sift():
                return False
        return len(self.text) <= brought.BLOCK + LONGEST

    def end(self, size: int) -> bool:
        """Compare what is left; tell whether all records, of so many bytes, are the same."""
        if (self.head + self.text)[-1:] not in (b"", b"\n"):
            self.text += b"\n"
        if not self.go_on():
            return False
        while not self.is_next(self.text):
            if not self.sift():
                return False
        return self.number * brought.BLOCK + len(self.text) == size

    def is_next(self, block: bytes | bytearray) -> bool:
        at = 2 * DIGEST * self.number
        return hash_block(block) == self.blocks[at : at + 2 * DIGEST]

    def has_others(self) -> bool:
        """Tell whether a whole line came that is no record."""
        return self.others.count > 0 or (may_be_other(self.head + self.text) and self.sift())

    def sift(self) -> bool:
        """Take out whole lines that are no records; tell whether there were any."""
        end = self.text.rfind(b"\n") + 1
        lines = (self.head + self.text[:end]).split(b"\n")[:-1]
        count = self.others.count
        records = self.others.without(lines)
        if self.others.count == count or not records.startswith(self.head):
            return False
        self.text[:end] = records[len(self.head) :]
        return True


class OtherLines:
    """Lines that are no records: how many came, and what they say."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.count = 0
        self.is_bad = False
        """Whether one of them cannot be read."""
        self.whole = set[str]()
        self.last = dict[str, bytes]()
        """The last state, and the last that is said of each stream."""

    def without(self, lines: list[bytes]) -> bytes:
        """Return lines as a text, without those that are no records, which are noted."""
        text = b"\n".join([*lines, b""])
        if are_usual(text, len(lines)) or not may_be_other(text):
            return text
        records = [line for line in lines if not may_be_other(line) or self.is_record(line)]
        self.count += len(lines) - len(records)
        return b"\n".join([*records, b""]) if records else b""

    def is_record(self, line: bytes) -> bool:
        """Tell whether a line is a record; note what it says where it is something else."""
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return True
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "ACTIVATE_VERSION":
            self.whole.add(str(value.get("stream")))
        elif kind in ("STATE", "SCHEMA"):
            self.last[kind if kind == "STATE" else f"{kind} {value.get('stream')}"] = line
        else:
            return True
        try:
            read_message(1, line, self.allowed)
        except BadLine:
            self.is_bad = True
        return False


def are_usual(text: bytes, lines: int) -> bool:
    """Tell whether so many lines all begin as records usually do, which is quicker to see."""
    begin = next((begin for begin in USUAL if text.startswith(begin)), None)
    return begin is not None and 1 + text.count(b"\n" + begin) == lines


def may_be_other(text: bytes | bytearray) -> bool:
    """Tell whether a text may have a line that is no record."""
    return any(word in text for word in OTHERS)
