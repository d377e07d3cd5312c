"""What an index's list of files says of a package's versions."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

SOURCES = re.compile(r"\.(?:tar\.\w+|tgz|zip)")
BUILT = re.compile(r"\.(?:win|linux|macosx)")
"""What begins the name of a system in installers of before wheels."""
BEFORE_RELEASE = re.compile(r"[-_.](?=(?:a|b|rc)\d*$)")
"""What older archives put before the word of what is no release yet, and PEP 440 does not."""
TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?", re.A)


def normal(name: str) -> str:
    """Return a name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(file: str, name: str) -> str | None:
    """Return the version that a file's name tells, None where it tells none.

    The name of a package may hold a dash before a digit, as `python-3parclient`.
    """
    begins = [place for place, letter in enumerate(file) if letter == "-"]
    begin = next((place for place in reversed(begins) if normal(file[:place]) == name), None)
    if begin is None:
        return None
    rest = file[begin + 1 :]
    ends = list(SOURCES.finditer(rest))
    text = rest[: ends[-1].start()] if ends else rest.partition("-")[0].removesuffix(".egg")
    text = BEFORE_RELEASE.sub("", BUILT.split(text)[0])
    return text if text[:1].isdigit() else None


def version_values(files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what files say of their version: `yanked` is false, true, or the reason as text."""
    if not files:
        return {}
    times = [time for file in files if (time := time_of(file.get("upload-time")))]
    yanked = [file.get("yanked", False) for file in files]
    reasons = [reason for reason in yanked if isinstance(reason, str) and reason]
    sizes = [file["size"] for file in files if type(file.get("size")) is int]
    return {
        # Times have a fraction or none: a text with one would sort before the other.
        "published_at": min(times, key=lambda time: time.removesuffix("Z")) if times else None,
        "yanked": all(reason is not False and reason is not None for reason in yanked),
        "yankreason": reasons[0][:1000] if reasons else None,
        "size": max(sizes) if sizes and 0 <= max(sizes) < 2**63 else None,
    }


def time_of(time: object) -> str | None:
    """Return a time of the calendar, None for anything else, as the year 1 that mirrors say."""
    if isinstance(time, str) and TIME.fullmatch(time):
        with suppress(ValueError, OverflowError):
            return time if datetime.fromisoformat(time).year > 1000 else None
    return None
