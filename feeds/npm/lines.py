"""Print what a document of others tells as lines that the runner takes, whatever stands in it."""

import json
import re
from contextlib import suppress
from datetime import datetime

TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?", re.A)
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no text has, but one that was cut within a letter."""


def emit(stream: str, **record: object) -> None:
    """Print a record."""
    shown = {
        name: NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for name, value in record.items()
    }
    print(json.dumps({"type": "RECORD", "stream": stream, "record": shown}))


def time_of(time: object) -> str | None:
    """Return a time of the calendar, None for anything else.

    Mirrors say the year 1 of what they do not know.
    """
    if not isinstance(time, str) or not TIME.fullmatch(time):
        return None
    with suppress(ValueError, OverflowError):
        return time if datetime.fromisoformat(time).year > 1000 else None
    return None


def size_of(size: object) -> int | None:
    """Return a number of bytes, None for anything else."""
    return size if type(size) is int and 0 <= size < 2**63 else None
