"""`feeds/NAME/feed.toml`: how a feed is started, how often, and what it may write."""

import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from config.settings import BadSetting
from feedrunner.messages import Allowed
from feedrunner.needs import LISTS
from feedrunner.streams import STREAMS

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
SPAN = re.compile(r"(\d{1,6})([smhd])")
SIZE = re.compile(r"(\d{1,9})([KMG])")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"K": 2**10, "M": 2**20, "G": 2**30}
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class Manifest(NamedTuple):
    """A feed: the folder of its program, what starts it, when, and its limits."""

    name: str
    folder: Path
    command: tuple[str, ...]
    every: int | None
    """Seconds from one load to the next."""
    at: tuple[int, int] | None
    """Hour and minute of a daily load, in UTC."""
    timeout: int
    sources: tuple[str, ...]
    env: Mapping[str, str]
    allowed: Allowed
    memory: int
    """Bytes that a process of it may use."""
    needs: tuple[str, ...] = ()
    """Lists of ours that it is given: see needs.py."""


class BadManifest(BadSetting):
    """What is wrong with a feed's manifest, by the field."""


def read_manifests(folder: Path) -> dict[str, Manifest | BadManifest]:
    """Return the feeds of a folder by name; one that is wrong is its error."""
    manifests = dict[str, Manifest | BadManifest]()
    for path in sorted(folder.glob("*/feed.toml")):
        try:
            manifests[path.parent.name] = read_manifest(path)
        except BadManifest as error:
            manifests[path.parent.name] = error
    return manifests


def read_manifest(path: Path) -> Manifest:
    """Return the feed of a feed.toml. Raises BadManifest, which names the field."""
    name = path.parent.name

    def refuse(field: str, why: str) -> BadManifest:
        return BadManifest(f"feeds/{name}/feed.toml", f"{field} {why}" if field else why)

    if not NAME.fullmatch(name):
        raise refuse("", "its folder's name is not of lower-case letters, digits, _ and -")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse("", f"cannot be read ({error})") from error
    unknown = [field for field in given if field not in FIELDS]
    if unknown:
        raise refuse(unknown[0], f"is not one of {', '.join(FIELDS)}")
    fields = dict[str, Any]()
    for field, (read, default) in FIELDS.items():
        try:
            fields[field] = read(given[field]) if field in given else default
        except (ValueError, TypeError) as error:
            raise refuse(field, str(error)) from None
    if fields["command"] is None:
        raise refuse("command", "is missing")
    if not fields["streams"]:
        raise refuse("streams", f"is missing: list some of {', '.join(STREAMS)}")
    if fields["every"] is not None and fields["at"] is not None:
        raise refuse("at", "is given, and every too: keep one")
    rows, memory = fields.pop("limits")
    allowed = Allowed(frozenset(fields.pop("streams")), fields.pop("manager"), rows)
    if fields["every"] is None and fields["at"] is None:
        fields["every"] = SECONDS["d"]
    return Manifest(name, path.parent.resolve(), allowed=allowed, memory=memory, **fields)


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("is not a text")
    return value


def command(value: Any) -> tuple[str, ...]:
    try:
        words = shlex.split(text(value))
    except ValueError as error:
        raise ValueError(f"is not words as a shell reads them ({error})") from error
    if not words:
        raise ValueError("is empty")
    return tuple(words)


def span(value: Any) -> int:
    """Return seconds of a text as 30s, 20m, 6h or 1d."""
    match = SPAN.fullmatch(text(value))
    if not match or not int(match[1]):
        raise ValueError("is not a span as in 30s, 20m, 6h or 1d")
    return int(match[1]) * SECONDS[match[2]]


def clock(value: Any) -> tuple[int, int]:
    match = CLOCK.fullmatch(text(value))
    if not match:
        raise ValueError("is not a time of day as in 03:17")
    return int(match[1]), int(match[2])


def manager(value: Any) -> str:
    if not NAME.fullmatch(text(value)):
        raise ValueError("is not of lower-case letters, digits, _ and -")
    return str(value)


def names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("is not a list of names")
    for each in value:
        manager(each)
    return tuple(value)


def needs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(each in LISTS for each in value):
        raise ValueError(f"is not a list of some of {', '.join(LISTS)}")
    return tuple(value)


def streams(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(each in STREAMS for each in value):
        raise ValueError(f"is not a list of some of {', '.join(STREAMS)}")
    return tuple(value)


def variables(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("is not a table of NAME = text")
    for name, each in value.items():
        if not VARIABLE.fullmatch(name) or not isinstance(each, str):
            raise ValueError(f"{name[:64]} is not NAME = text")
    return dict(value)


def limits(value: Any) -> tuple[int, int]:
    """Return rows and bytes of memory."""
    if not isinstance(value, dict) or not value.keys() <= {"rows", "memory"}:
        raise ValueError("is not a table of rows and memory")
    rows, memory = value.get("rows", 2_000_000), value.get("memory", "1G")
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ValueError("rows is not a number from 1")
    match = SIZE.fullmatch(text(memory))
    if not match or not int(match[1]):
        raise ValueError("memory is not a size as in 512M or 1G")
    return rows, int(match[1]) * BYTES[match[2]]


FIELDS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "command": (command, None),
    "every": (span, None),
    "at": (clock, None),
    "timeout": (span, 20 * 60),
    "sources": (names, ()),
    "streams": (streams, ()),
    "manager": (manager, None),
    "env": (variables, {}),
    "limits": (limits, (2_000_000, 2**30)),
    "needs": (needs, ()),
}
