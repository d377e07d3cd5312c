"""What a step printed, line by line as a person sees it; only lines that are asked for cost."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rows.logs.held_steps import Part

LONGEST_RAW, LONGEST = 4000, 1000
"""Bytes of a line that are looked at, and letters that are kept."""
MOST_LINES = 50_000
"""Lines of a step that are looked at, the last ones."""

ANSI = re.compile(
    rb"\x1b(?:\[[0-9;:?<=>]*+[ -/]*+[@-~]?|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?"
    rb"|[()*+][0-9A-Z]|[@-Z\\^_])?"
)
C1 = re.compile(rb"\xc2[\x80-\x9f]")
BOM = b"\xef\xbb\xbf"
CONTROL_BYTES = bytes({*range(32), 127} - {*b"\t\n\r"})
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
BUILDER = re.compile(
    r"#\d{1,4} \d{1,6}\.\d{1,3} (?=\s*+\S)|[A-Za-z][\w.-]{0,40} {0,20}\| |"
    r"[a-z@][\w@/.-]{0,40}:(?:[\w.-]{1,20}[:-])?(?:build|check|compile|lint|tests?|types?|typecheck)"
    r"(?:[:-][\w.:-]{1,20})?: (?=\s*+\S)|"
    r"\[[a-z][\w.-]{0,40}(?::[\w.-]{1,40}){1,3}\] |"
    r"🦋 {1,3}|\[\d\d:\d\d:\d\d\]: (?:▸ +)?|\(\d\d:\d\d:\d\d\) |"
    r"\[\d\d-\d\d [\d:.]{12}\] (?=\[)|\[[-\d]{10} [\d:]{8}\] \[build-std\w{3}\] "
)
"""What stands before the lines of others: a builder of images, one that runs many services or
tasks, fastlane, CodeQL, Bazel and sbt with times."""


class Dialect(NamedTuple):
    """What a vendor puts around the lines: how to take times away, and its marks."""

    strip_times: Callable[[list[bytes]], list[bytes]]
    error: bytes
    """What begins a line that the runner itself calls an error."""
    hidden: tuple[bytes, ...]
    """What begins lines that only the runner's page needs."""


class Output:
    """The lines of parts of a log, the last MOST_LINES."""

    def __init__(self, parts: Sequence[Part], dialect: Dialect) -> None:
        self.dialect = dialect
        self.lines = list[bytes]()
        self.places, self.numbers = list[int](), list[int]()
        for part in parts:
            self.places.append(len(self.lines))
            self.numbers.append(part.first)
            self.lines += dialect.strip_times(part.lines.removesuffix(b"\n").split(b"\n"))
        dropped = max(0, len(self.lines) - MOST_LINES)
        self.places = [place - dropped for place in self.places]
        if max(map(len, self.lines), default=0) > LONGEST_RAW:
            self.lines = [line[:LONGEST_RAW] for line in self.lines]
        self.joined = cleaned(b"\n".join(self.lines[dropped:]))
        self.lines = self.joined.split(b"\n")
        self.texts = dict[int, str]()

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, place: int) -> str:
        """Return a line without what the runner or a builder put before it."""
        text = self.texts.get(place)
        if text is None:
            text = self.texts[place] = self.decoded(self.lines[place])
        return text

    def decoded(self, line: bytes) -> str:
        if line.startswith(self.dialect.hidden):
            return ""
        if line.startswith(GO_EVENT) and b'"Action":"' in line:
            line = said_in_event(line)
        text = shown(line.removeprefix(self.dialect.error))
        mark = BUILDER.match(text)
        return text[mark.end() :] if mark else text

    def is_marked(self, place: int) -> bool:
        """Tell whether the runner itself calls a line an error."""
        return self.lines[place].startswith(self.dialect.error)

    def number(self, place: int) -> int:
        """Return a line's number in the log, from 1."""
        part = max(0, bisect_right(self.places, place) - 1)
        return self.numbers[part] + place - self.places[part]


GO_EVENT = (b'{"Time":"', b'{"ImportPath":"')
"""How a line of `go test -json` begins: https://pkg.go.dev/cmd/test2json."""


def said_in_event(line: bytes) -> bytes:
    """Return what a test printed by an event of it; nothing where it only began or ended."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return line
    said = event.get("Output", "") if isinstance(event, dict) else ""
    return cleaned(said.encode(errors="replace").rstrip(b"\n")) if isinstance(said, str) else b""


def cleaned(text: bytes) -> bytes:
    """Return lines without colours and control characters, and without what was overprinted."""
    if b"\x1b" in text:
        text = ANSI.sub(b"", text)
    if b"\r" in text:
        lines = (line.rstrip(b"\r \t") for line in text.split(b"\n"))
        text = b"\n".join([line.rpartition(b"\r")[2] if b"\r" in line else line for line in lines])
    if b"\xc2" in text:
        text = C1.sub(b"", text)
    return text.replace(BOM, b"").translate(None, CONTROL_BYTES)


def shown(line: bytes) -> str:
    """Return a line that is cleaned as text that a database can hold."""
    return CONTROL.sub("", line.decode(errors="replace"))[:LONGEST].rstrip()


def clean(line: str) -> str:
    """Return one line as a person sees it."""
    return shown(cleaned(line.encode(errors="replace")))
