"""Read odd inputs as one type: text, numbers, times, shas, flags.

Each reader takes the object, the key and `at`, the object's own name, so that a note says
`workflow_job.run_id` and not just `run_id`. Missing and null both give None. GitHub's examples
do not validate against GitHub's schemas, so only what is read is checked.

What cannot be read is None, too, and noted (`noting`): one odd field must not cost the others. Only
what names a row refuses it: `key` and `strict` raise Unmappable.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from rows import Unmappable

Value = TypeVar("Value")
Given = ParamSpec("Given")

BIGGEST, BIGGEST_INT = 2**63 - 1, 2**31 - 1
"""The greatest numbers that a BIGINT and an INT column hold."""
WORD, NAME = 64, 512
"""Letters that columns of words, such as a status, and of names hold."""

NO_COMMIT = re.compile(r"0+")
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

NOTES: ContextVar[list[str] | None] = ContextVar("NOTES", default=None)
MOST_NOTES = 20
STRICT: dict[Callable[..., Any], Callable[..., Any]] = {}
"""The readers that raise, by those that note."""


@contextmanager
def noting() -> Iterator[list[str]]:
    """Give a list of what readers cannot read meanwhile; nobody hears of it elsewhere."""
    notes: list[str] = []
    token = NOTES.set(notes)
    try:
        yield notes
    finally:
        NOTES.reset(token)


def note(error: Unmappable) -> None:
    """Note a field that cannot be read, once."""
    notes = NOTES.get()
    if notes is not None and len(notes) < MOST_NOTES and str(error) not in notes:
        notes.append(str(error))


def optional(reader: Callable[Given, Value | None]) -> Callable[Given, Value | None]:
    """Return a reader that notes what it cannot read, in place of one that raises."""

    @wraps(reader)
    def read(*args: Given.args, **kwargs: Given.kwargs) -> Value | None:
        try:
            return reader(*args, **kwargs)
        except Unmappable as error:
            note(error)
            return None

    STRICT[read] = reader
    return read


def strict(
    reader: Callable[..., Value | None], source: Mapping[str, Any], key: str, at: str, *more: int
) -> Value | None:
    """Return what a reader reads. Raises Unmappable for what it cannot read."""
    read: Callable[..., Value | None] = STRICT.get(reader, reader)
    return read(source, key, at, *more)


def key(reader: Callable[..., Value | None], source: Mapping[str, Any], key: str, at: str) -> Value:
    """Return what a reader reads of a row's key. Raises Unmappable without it."""
    value = strict(reader, source, key, at)
    if value is None:
        raise Unmappable(f"{at}.{key}", "is missing")
    return value


def wrong(at: str, key: str, wanted: str, value: object) -> Unmappable:
    """Return the error that names the field, what it wants and what it got."""
    return Unmappable(f"{at}.{key}", f"wants {wanted}, got {shown(value)}")


def shown(value: object) -> str:
    """Return a value in a few ASCII letters: it may be huge, or nested too deep to print."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return ascii(value[:60] if isinstance(value, str) else value)[:60]


@optional
def child(source: Mapping[str, Any], key: str, at: str) -> dict[str, Any] | None:
    """Return the object under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise wrong(at, key, "an object", value)


def children(source: Mapping[str, Any], key: str, at: str) -> list[dict[str, Any]]:
    """Return the objects in the list under `key`; empty when it is missing."""
    listed = items(source, key, at) or []
    objects = [item for item in listed if isinstance(item, dict)]
    if len(objects) < len(listed):
        note(wrong(at, key, "a list of objects", listed))
    return objects


@optional
def text(source: Mapping[str, Any], key: str, at: str, longest: int | None = None) -> str | None:
    """Return the text under `key`, of at most `longest` letters.

    No database can hold lone surrogates.
    """
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(at, key, "text", value)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise wrong(at, key, "valid Unicode", value)
    if longest is not None and len(value) > longest:
        raise wrong(at, key, f"at most {longest} letters", value)
    return value


def texts(source: Mapping[str, Any], key: str, at: str) -> list[str]:
    """Return the texts in the list under `key`; empty when it is missing."""
    read = (text({key: item}, key, at) for item in items(source, key, at) or [])
    return [word for word in read if word is not None]


@optional
def items(source: Mapping[str, Any], key: str, at: str) -> list[Any] | None:
    """Return the list under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, list):
        return value
    raise wrong(at, key, "a list", value)


@optional
def number(source: Mapping[str, Any], key: str, at: str, most: int = BIGGEST) -> int | None:
    """Return the whole number under `key`, 0 to `most`. Ids passed 2^31 long ago."""
    value = source.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= most:
        raise wrong(at, key, "a whole number", value)
    return value


@optional
def flag(source: Mapping[str, Any], key: str, at: str) -> bool | None:
    """Return the boolean under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(at, key, "true or false", value)


@optional
def sha(source: Mapping[str, Any], key: str, at: str) -> str | None:
    """Return the commit hash under `key`: 40 or 64 lower-case hex digits.

    All zeros is git's "no commit" and gives None.
    https://docs.github.com/webhooks/webhook-events-and-payloads#push
    """
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not SHA.fullmatch(value):
        raise wrong(at, key, "a commit hash", value)
    return None if NO_COMMIT.fullmatch(value) else value


@optional
def moment(source: Mapping[str, Any], key: str, at: str) -> datetime | None:
    """Return the time under `key` in UTC without zone.

    GitHub sends ISO text with `Z`, with an offset or with milliseconds, and epoch seconds in a
    push's repository. Its zero time (year 1) means "never" and gives None.
    """
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str) and type(value) is not int:
        raise wrong(at, key, "a time", value)
    try:
        time = parsed(value)
        return None if time.year < 1000 else time.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError) as error:
        raise wrong(at, key, "a time", value) from error


def parsed(time: str | int) -> datetime:
    """Return ISO text or epoch seconds as a time with zone; text without one is UTC."""
    if isinstance(time, int):
        return datetime.fromtimestamp(time, UTC)
    moment = datetime.fromisoformat(time)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
