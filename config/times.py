"""Read a time as a person types it: a date, an age, or seconds since 1970."""

import re
from datetime import UTC, datetime, timedelta

AGE = re.compile(r"([0-9]{1,6})([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
EPOCH = re.compile(r"[0-9]{1,11}")
FORMS = "a date like 2026-01-31, a time like 2026-01-31T12:00Z, an age like 30d or 12h, or an epoch"


def read_time(text: str, now: datetime) -> datetime:
    """Return the time that `text` means, in UTC without zone. Raises ValueError.

    A date is its first moment in UTC; a time without zone is UTC; an age counts back from `now`.
    """
    try:
        if age := AGE.fullmatch(text):
            return now - timedelta(seconds=int(age[1]) * SECONDS[age[2]])
        if EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC).replace(tzinfo=None)
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is not {FORMS}") from None
    if time.tzinfo is None:
        return time
    return time.astimezone(UTC).replace(tzinfo=None)


def read_past_time(text: str, now: datetime) -> datetime:
    """Return a time that is not in the future. Raises ValueError."""
    time = read_time(text, now)
    if time > now:
        raise ValueError(f"{text!r} is in the future")
    return time


def to_the_minute(time: datetime) -> str:
    """Return a time as people read it, to the minute."""
    return f"{time:%Y-%m-%d %H:%M}"
