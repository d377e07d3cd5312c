"""Read a page's filters from its URL; what makes no sense is refused, never dropped."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import request

from config.calendar import Calendar, days

LONGEST = 512
MOST_DAYS = 400


class BadFilter(ValueError):
    """A filter that cannot be used; the text says which and why."""


def text(name: str) -> str:
    """Return a text, empty when it was not given. Raises BadFilter."""
    value = request.args.get(name, "").strip()
    if len(value) > LONGEST or "\0" in value:
        raise BadFilter(f"{name} is too long, or no text.")
    return value


def choice(name: str, allowed: Iterable[str], default: str) -> str:
    """Return one of several words. Raises BadFilter."""
    value, words = request.args.get(name) or default, list(allowed)
    if value not in words:
        raise BadFilter(f"{name} is one of {', '.join(words)}.")
    return value


def choices(name: str, allowed: Iterable[str]) -> list[str]:
    """Return those of several words that were chosen. Raises BadFilter."""
    values, words = [one for one in request.args.getlist(name) if one], list(allowed)
    if set(values) - set(words):
        raise BadFilter(f"{name} is one or more of {', '.join(words)}.")
    return [one for one in words if one in values]


def day(name: str) -> date | None:
    """Return a date, None when it was not given. Raises BadFilter."""
    value = request.args.get(name, "").strip()
    if not value:
        return None
    try:
        chosen = date.fromisoformat(value)
    except ValueError:
        raise BadFilter(f"{name} is a date like 2026-03-02.") from None
    if not 1971 <= chosen.year <= 9000:
        raise BadFilter(f"{name} is too far away.")
    return chosen


def whole(name: str) -> int | None:
    """Return a whole number, None when it was not given. Raises BadFilter."""
    value = request.args.get(name, "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise BadFilter(f"{name} is a number.")
    return int(value)


class DateRange(NamedTuple):
    """The days a page is about, both included, and their borders in UTC."""

    first: date
    last: date
    borders: tuple[datetime, ...]

    @property
    def days(self) -> list[date]:
        """Every day."""
        return days(self.first, self.last)


def date_range(calendar: Calendar, now: datetime, usual: int) -> DateRange:
    """Return the days of `since` to `until`, else the `usual` last ones. Raises BadFilter."""
    today = calendar.local(now).date()
    last = day("until") or today
    first = day("since") or last - timedelta(days=usual - 1)
    if first > last:
        raise BadFilter("since is after until.")
    if (last - first).days >= MOST_DAYS:
        raise BadFilter(f"At most {MOST_DAYS} days can be shown at once.")
    return DateRange(first, last, calendar.borders(first, last))
