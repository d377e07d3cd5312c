"""Read a JSON object of any size piece by piece: only one value of it is in memory at a time."""

import json
from collections.abc import Iterator
from typing import IO, Any

PIECE = 65_536
SPACE = " \t\r\n"
ENDS = frozenset(SPACE + ",:]}")


class Truncated(ValueError):
    """The text ends inside of a value."""


class Reader:
    """A JSON text that is read from the front."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.text, self.at, self.is_whole = file, "", 0, False
        self.rest = b""

    def fill(self) -> None:
        """Read on; what is behind is forgotten. Raises Truncated at the end."""
        if self.is_whole:
            raise Truncated("the answer ends half way")
        piece = self.file.read(max(PIECE, len(self.text) - self.at))
        self.is_whole = not piece
        data = self.rest + piece
        text = data.decode(errors="ignore") if self.is_whole else data[: whole(data)].decode()
        self.rest = b"" if self.is_whole else data[whole(data) :]
        self.text, self.at = self.text[self.at :] + text, 0

    def next(self) -> str:
        """Return the next letter that is no space, without reading past it."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in SPACE:
                    return self.text[self.at]
                self.at += 1
            self.fill()

    def take(self, letter: str) -> None:
        """Read past a letter. Raises ValueError for another one."""
        if self.next() != letter:
            raise ValueError(f"{letter!r} is missing")
        self.at += 1

    def value(self) -> Any:
        """Return the next value. Raises ValueError."""
        self.next()
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                self.fill()
                continue
            # A number goes on behind what is read so far, unless something ends it.
            if self.text[end : end + 1] in ENDS or self.is_whole:
                self.at = end
                return value
            self.fill()

    def members(self) -> Iterator[str]:
        """Yield the keys of an object; the caller reads each one's value. Raises ValueError."""
        self.take("{")
        if self.next() == "}":
            self.at += 1
            return
        while True:
            key = self.value()
            self.take(":")
            yield key
            if self.next() == "}":
                self.at += 1
                return
            self.take(",")


def whole(data: bytes) -> int:
    """Return where the last whole letter of UTF-8 ends."""
    for back in range(1, min(4, len(data)) + 1):
        if data[-back] & 0xC0 != 0x80:
            long = 1 if data[-back] < 0x80 else 2 if data[-back] < 0xE0 else 3
            long = 4 if data[-back] >= 0xF0 else long
            return len(data) - back if long > back else len(data)
    return len(data)
