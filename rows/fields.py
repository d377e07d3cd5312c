"""Read odd inputs as one type: text, numbers, times, shas, flags.

Each reader takes the object, the key and `at`, the object's own name, so that a note says
`workflow_job.run_id` and not just `run_id`. Missing and null both give None. GitHub's examples
do not validate against GitHub's schemas, so only what is read is checked.

What cannot be read is None, too, and noted (`Noting`): one odd field must not cost the others. Only
what names a row refuses it: `key` and `strict` raise Unmappable. A part of a payload that nothing
names, a commit of a push, is left out and noted (`key_of_part`).
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from rows import Unmappable

Value = TypeVar("Value")

BIGGEST, BIGGEST_INT = 2**63 - 1, 2**31 - 1
"""The greatest numbers that a BIGINT and an INT column hold."""
WORD, NAME = 64, 512
"""Letters that columns of words, such as a status, and of names hold."""

NO_COMMIT = re.compile(r"0+")
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

NOTES: ContextVar[list[str] | None] = ContextVar("NOTES", default=None)
MOST_NOTES = 20
REFUSED = list[str]()
"""In place of notes: what cannot be read is raised."""


class Noting:
    """Gives a list of what readers cannot read meanwhile; nobody hears of it elsewhere."""

    def __enter__(self) -> list[str]:
        notes = list[str]()
        self.token = NOTES.set(notes)
        return notes

    def __exit__(self, *_: object) -> None:
        NOTES.reset(self.token)


def strict(
    reader: Callable[..., Value | None], source: Mapping[str, Any], key: str, at: str, *more: int
) -> Value | None:
    """Return what a reader reads. Raises Unmappable for what it cannot read."""
    token = NOTES.set(REFUSED)
    try:
        return reader(source, key, at, *more)
    finally:
        NOTES.reset(token)


def key(reader: Callable[..., Value | None], source: Mapping[str, Any], key: str, at: str) -> Value:
    """Return what a reader reads of a row's key. Raises Unmappable without it."""
    value = reader(source, key, at)
    if value is None:
        strict(reader, source, key, at)
        raise Unmappable(f"{at}.{key}", "is missing")
    return value


def key_of_part(
    reader: Callable[..., Value | None], source: Mapping[str, Any], name: str, at: str
) -> Value | None:
    """Return what names a part that the others can do without; None, noted, leaves it out."""
    try:
        return key(reader, source, name, at)
    except Unmappable as error:
        note(error)
        return None


def refuse(at: str, key: str, wanted: str, value: object) -> None:
    """Note a field that cannot be read, once: its name, what it wants and what it got."""
    if NOTES.get() is not None:
        note(Unmappable(f"{at}.{key}", f"wants {wanted}, got {shown(value)}"))


def note(error: Unmappable) -> None:
    """Note what cannot be read; where nothing is noted, raise it."""
    notes = NOTES.get()
    if notes is None:
        return
    if notes is REFUSED:
        raise error
    if len(notes) < MOST_NOTES and str(error) not in notes:
        notes.append(str(error))


def shown(value: object) -> str:
    """Return a value in a few ASCII letters: it may be huge, or nested too deep to print."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return ascii(value[:60] if isinstance(value, str) else value)[:60]


def child(source: Mapping[str, Any], key: str, at: str) -> dict[str, Any] | None:
    """Return the object under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, dict):
        return value
    refuse(at, key, "an object", value)
    return None


def children(source: Mapping[str, Any], key: str, at: str) -> list[dict[str, Any]]:
    """Return the objects in the list under `key`; empty when it is missing."""
    listed = items(source, key, at) or []
    objects = [item for item in listed if isinstance(item, dict)]
    if len(objects) < len(listed):
        refuse(at, key, "a list of objects", listed)
    return objects


def text(source: Mapping[str, Any], key: str, at: str, longest: int | None = None) -> str | None:
    """Return the text under `key`, of at most `longest` letters.

    No database can hold lone surrogates, and PostgreSQL no U+0000: U+FFFD stands for it.
    """
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        wanted = "text"
    elif not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        wanted = "valid Unicode"
    elif longest is not None and len(value) > longest:
        wanted = f"at most {longest} letters"
    else:
        return value.replace("\0", "\ufffd") if "\0" in value else value
    refuse(at, key, wanted, value)
    return None


def texts(source: Mapping[str, Any], key: str, at: str) -> list[str]:
    """Return the texts in the list under `key`; empty when it is missing."""
    read = (text({key: item}, key, at) for item in items(source, key, at) or [])
    return [word for word in read if word is not None]


def items(source: Mapping[str, Any], key: str, at: str) -> list[Any] | None:
    """Return the list under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, list):
        return value
    refuse(at, key, "a list", value)
    return None


def number(source: Mapping[str, Any], key: str, at: str, most: int = BIGGEST) -> int | None:
    """Return the whole number under `key`, 0 to `most`. Ids passed 2^31 long ago."""
    value = source.get(key)
    if value is None or (type(value) is int and 0 <= value <= most):
        return value
    refuse(at, key, "a whole number", value)
    return None


def flag(source: Mapping[str, Any], key: str, at: str) -> bool | None:
    """Return the boolean under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, bool):
        return value
    refuse(at, key, "true or false", value)
    return None


def sha(source: Mapping[str, Any], key: str, at: str) -> str | None:
    """Return the commit hash under `key`: 40 or 64 lower-case hex digits.

    All zeros is git's "no commit" and gives None.
    https://docs.github.com/webhooks/webhook-events-and-payloads#push
    """
    value = source.get(key)
    if value is None:
        return None
    if isinstance(value, str) and SHA.fullmatch(value):
        return None if NO_COMMIT.fullmatch(value) else value
    refuse(at, key, "a commit hash", value)
    return None


def moment(source: Mapping[str, Any], key: str, at: str) -> datetime | None:
    """Return the time under `key` in UTC without zone.

    GitHub sends ISO text with `Z`, with an offset or with milliseconds, and epoch seconds in a
    push's repository. Its zero time (year 1) means "never" and gives None.
    """
    value = source.get(key)
    try:
        return None if value is None else utc(value)
    except (TypeError, ValueError, OverflowError, OSError):
        refuse(at, key, "a time", value)
        return None


@lru_cache(maxsize=4096, typed=True)
def utc(time: str | int) -> datetime | None:
    """Return ISO text or epoch seconds as a time in UTC; text without a zone is.

    Kept, as most times come again: a step begins when the one before it ends.
    """
    if type(time) is int:
        moment = datetime.fromtimestamp(time, UTC)
    else:
        moment = datetime.fromisoformat(time)  # type: ignore[arg-type] # what else is given raises
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    return None if moment.year < 1000 else moment.astimezone(UTC).replace(tzinfo=None)
