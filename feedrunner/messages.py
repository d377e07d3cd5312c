"""Lines of a feed -> messages, each checked; the first that is wrong ends the load.

The format is Singer's (https://github.com/singer-io/getting-started, docs/SPEC.md): one JSON object
a line, of type RECORD, STATE, SCHEMA or ACTIVATE_VERSION.
"""

import codecs
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from feedrunner.streams import STREAMS, Stream, WrongValue

LONGEST = 1024 * 1024
"""Bytes of a line."""
SURROGATE, CONTROL = re.compile("[\ud800-\udfff]"), re.compile("[\0-\x1f]")


class BadLine(ValueError):
    """A line that ends the load: its number, from 1, and what is wrong with it."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")


class Record(NamedTuple):
    """A row, by the line that brought it. A column that is absent is left alone."""

    number: int
    stream: str
    values: dict[str, Any]
    size: int = 0
    """Bytes of its line."""


class State(NamedTuple):
    """What all rows before it may be committed with, as JSON."""

    number: int
    value: str


class WholeStream(NamedTuple):
    """Says that all rows of a stream came."""

    number: int
    stream: str


Message = Record | State | WholeStream


class Allowed(NamedTuple):
    """What a feed may write: its streams, and the registry that all its rows are of."""

    streams: Collection[str]
    manager: str | None = None
    most_rows: int = 2_000_000


def lines_of(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of pieces, those of one together. Raises BadLine for a longer one."""
    number, rest = 0, b""
    for piece in pieces:
        if not number and not rest:
            piece = piece.removeprefix(codecs.BOM_UTF8)  # PowerShell and .NET begin so
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        number += len(lines)
        if lines:
            yield lines
        if len(rest) > LONGEST:
            raise BadLine(number + 1, f"is longer than {LONGEST} bytes")
    if rest:
        yield [rest]


def read_messages(
    lines: Iterable[bytes], allowed: Allowed, before: int = 0, rows: int = 0
) -> Iterator[Message]:
    """Yield the messages of lines, so many lines and rows before them. Raises BadLine."""
    for number, line in enumerate(lines, start=before + 1):
        message = read_message(number, line, allowed)
        if type(message) is Record:
            rows += 1
            message = Record(number, message.stream, message.values, len(line))
            if rows > allowed.most_rows:
                raise BadLine(number, f"more than {allowed.most_rows} rows: see limits.rows")
        if message is not None:
            yield message


def read_message(number: int, line: bytes, allowed: Allowed) -> Message | None:
    """Return the message of a line, None where it needs no answer. Raises BadLine."""
    if len(line) > LONGEST + 1:
        raise BadLine(number, f"is longer than {LONGEST} bytes")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if not line.strip():
            return None
        raise BadLine(number, reason_of(line, error)) from None
    if type(value) is not dict:
        raise BadLine(number, "is no JSON object")
    kind = value.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadLine(number, f"type is not one of {', '.join(READERS)}")
    return reader(number, value, allowed)


def reason_of(line: bytes, error: ValueError) -> str:
    """Return why a line is no JSON, in words that lead to the mistake: a column, where one is."""
    if not line.lstrip().startswith(b"{"):
        begin = line.strip()[:40].decode(errors="replace")
        return f"is no JSON: {begin!r} (only lines of JSON belong on stdout)"
    try:
        wrong = next(wrong_values("", json.loads(line, strict=False)), "")
    except UnicodeDecodeError:
        return "is not UTF-8"
    except (ValueError, RecursionError):
        wrong = ""
    return wrong or f"is no JSON ({str(error)[:100]})"


def wrong_values(place: str, value: Any) -> Iterator[str]:
    """Yield what Python takes for JSON and others do not, as Python's own json prints it."""
    if isinstance(value, dict):
        inner = value.get("record") if isinstance(value.get("record"), dict) else None
        name = str(value.get("stream"))[:64] if inner is not None else place
        for column, each in (inner if inner is not None else value).items():
            yield from wrong_values(name, column)
            yield from wrong_values(f"{name}.{column[:64]}".removeprefix("."), each)
    elif isinstance(value, list):
        for each in value:
            yield from wrong_values(place, each)
    elif isinstance(value, float) and not math.isfinite(value):
        name = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        yield f"{place}: is {name}, which is no JSON: say null"
    elif isinstance(value, str) and SURROGATE.search(value):
        yield f"{place}: holds half of a letter (a lone surrogate)"
    elif isinstance(value, str) and CONTROL.search(value):
        yield f"{place}: holds U+{ord(CONTROL.findall(value)[0]):04X} as it is, which is no JSON"


def read_record(number: int, value: dict[str, Any], allowed: Allowed) -> Record:
    """Return a row whose columns are checked."""
    name = stream_of(number, value, allowed)
    record = value.get("record")
    if type(record) is not dict:
        raise BadLine(number, f"{name}: record is no object")
    stream = STREAMS[name]
    columns = stream.columns
    try:
        checked = {
            column: given if given is None else columns[column](given)
            for column, given in record.items()
        }
    except (KeyError, WrongValue):
        raise BadLine(number, wrong_column(name, stream, record)) from None
    for key in stream.keys:
        if checked.get(key) is None:
            raise BadLine(number, f"{name}.{key}: is missing")
    if "manager" in columns:
        check_manager(number, name, checked, allowed)
    return Record(number, name, {**stream.defaults, **checked} if stream.defaults else checked)


def wrong_column(name: str, stream: Stream, record: dict[str, Any]) -> str:
    """Return what is wrong with the first column that is."""
    for column, given in record.items():
        if column not in stream.columns:
            return f"{name}.{str(column)[:64]}: no such column"
        try:
            if given is not None:
                stream.columns[column](given)
        except WrongValue as error:
            return f"{name}.{column}: {error}"
    raise AssertionError(f"nothing is wrong with {name}")


def check_manager(number: int, name: str, record: dict[str, Any], allowed: Allowed) -> None:
    """Refuse a row of another registry than the feed's own, which a row need not name."""
    if allowed.manager is None:
        raise BadLine(number, f"{name}: the manifest names no manager")
    if record.pop("manager", allowed.manager) != allowed.manager:
        raise BadLine(number, f"{name}.manager: is not {allowed.manager}")


def read_state(number: int, value: dict[str, Any], _: Allowed) -> State:
    if not isinstance(value.get("value"), dict):
        raise BadLine(number, "STATE: value is no object")
    try:
        return State(number, orjson.dumps(value["value"]).decode())
    except orjson.JSONEncodeError:  # it reads deeper than it writes
        raise BadLine(number, "STATE: value is nested too deep") from None


def read_whole(number: int, value: dict[str, Any], allowed: Allowed) -> WholeStream:
    return WholeStream(number, stream_of(number, value, allowed))


def read_schema(number: int, value: dict[str, Any], allowed: Allowed) -> None:
    """Compare what a feed says of a known stream, by the columns' names."""
    name = stream_of(number, value, allowed)
    schema = value.get("schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if properties is not None and not isinstance(properties, dict):
        raise BadLine(number, f"{name}: schema.properties is no object")
    for column in properties or ():
        if column not in STREAMS[name].columns:
            raise BadLine(number, f"{name}.{str(column)[:64]}: no such column")


def stream_of(number: int, value: dict[str, Any], allowed: Allowed) -> str:
    """Return the stream of a message that the feed may write."""
    name = value.get("stream")
    if not isinstance(name, str) or name not in STREAMS:
        raise BadLine(number, f"stream: {str(name)[:64]!r} is not one of {', '.join(STREAMS)}")
    if name not in allowed.streams:
        raise BadLine(number, f"stream: the manifest does not list {name}")
    return name


READERS: dict[str, Callable[[int, dict[str, Any], Allowed], Message | None]] = {
    "RECORD": read_record,
    "STATE": read_state,
    "SCHEMA": read_schema,
    "ACTIVATE_VERSION": read_whole,
}
