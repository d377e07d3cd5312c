"""Read odd inputs as one type: text, numbers, times, shas, flags.

Each reader takes the object, the key and `at`, the object's own name, so that an error says
`workflow_job.run_id` and not just `run_id`. Missing and null both give None. GitHub's examples
do not validate against GitHub's schemas, so only what is read is checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from rows import Unmappable

Value = TypeVar("Value")

BIGGEST, BIGGEST_INT = 2**63 - 1, 2**31 - 1
"""The greatest numbers that a BIGINT and an INT column hold."""

NO_COMMIT = re.compile(r"0+")
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def wrong(at: str, key: str, wanted: str, value: object) -> Unmappable:
    """Return the error that names the field, what it wants and what it got."""
    return Unmappable(f"{at}.{key}", f"wants {wanted}, got {shown(value)}")


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
    raise wrong(at, key, "an object", value)


def children(source: Mapping[str, Any], key: str, at: str) -> list[dict[str, Any]]:
    """Return the list of objects under `key`; empty when it is missing."""
    value = source.get(key)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    raise wrong(at, key, "a list of objects", value)


def text(source: Mapping[str, Any], key: str, at: str) -> str | None:
    """Return the text under `key`, refusing what no database can hold (lone surrogates)."""
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(at, key, "text", value)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise wrong(at, key, "valid Unicode", value)
    return value


def texts(source: Mapping[str, Any], key: str, at: str) -> list[str]:
    """Return the list of texts under `key`; empty when it is missing."""
    value = source.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(at, key, "a list of texts", value)
    return [text({key: one}, key, at) or "" for one in value]


def number(source: Mapping[str, Any], key: str, at: str, most: int = BIGGEST) -> int | None:
    """Return the whole number under `key`, 0 to `most`. Ids passed 2^31 long ago."""
    value = source.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= most:
        raise wrong(at, key, "a whole number", value)
    return value


def flag(source: Mapping[str, Any], key: str, at: str) -> bool | None:
    """Return the boolean under `key`."""
    value = source.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(at, key, "true or false", value)


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


def needed(value: Value | None, at: str, key: str) -> Value:
    """Return `value`, or raise: the row cannot be told from others without this field."""
    if value is None:
        raise Unmappable(f"{at}.{key}", "is missing")
    return value
