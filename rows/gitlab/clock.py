"""The times and spans of GitLab, in all of the forms that its hooks and its API write.

A real hook says `2021-10-07 08:18:36 UTC`, or an offset where the server has a zone of its own;
one of the Test button, and the API, ISO text with milliseconds. Whole seconds are what all have.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from rows import fields

ZONE = re.compile(r" ?(?:UTC|([+-])(\d\d):?(\d\d))$")


def moment(source: Mapping[str, Any], key: str, at: str) -> datetime | None:
    """Return the time under `key` in UTC without zone, cut to seconds."""
    value = source.get(key)
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise TypeError
        return utc(value)
    except (TypeError, ValueError, OverflowError):
        fields.refuse(at, key, "a time", value)
        return None


@lru_cache(maxsize=4096)
def utc(text: str) -> datetime | None:
    """Return a time in UTC, cut to seconds; year 1 means never. Raises ValueError."""
    match = ZONE.search(text)
    if match:
        offset = f"{match[1]}{match[2]}:{match[3]}" if match[1] else "+00:00"
        text = f"{text[: match.start()]}{offset}"
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return None if time.year < 1000 else time.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def span(source: Mapping[str, Any], key: str, at: str) -> float | None:
    """Return the seconds under `key`, rounded to milliseconds."""
    value = source.get(key)
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= fields.BIGGEST_INT:
        fields.refuse(at, key, "seconds", value)
        return None
    return round(float(value), 3)


def is_below_zero(value: object) -> bool:
    """Tell a span that runs backwards."""
    return isinstance(value, (int, float)) and value < 0
