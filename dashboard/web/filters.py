"""Read a page's filters from its URL; what makes no sense is refused, never dropped."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import g, request

from config.calendar import Calendar, days
from store import name_parts

LONGEST = 512
LONGEST_NAME = 60
MOST_DAYS = 400
MOST_CHOICES = 12
"""Of names that a part fits, those that a page lists."""
TITLES = {
    "author": "Actor",
    "branch": "Branch",
    "conclusion": "Result",
    "event": "Event",
    "head": "Commit from",
    "job": "Job",
    "os": "Runner",
    "repo": "Repository",
    "since": "From",
    "sort": "Order",
    "status": "Last night",
    "until": "To",
    "workflow": "Workflow",
}
"""What pages call a filter, where its address has another word."""


class BadFilter(ValueError):
    """A filter that cannot be used; the text says which and why, `choices` what `name` may be."""

    def __init__(self, text: str, name: str = "", choices: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.name, self.choices = name, tuple(choices)


def given(name: str) -> str:
    """Return what the URL says of a filter, empty when it says nothing. Raises BadFilter.

    What a page asks for by this are the filters that it has: see `check_known`.
    """
    has_filters().add(name)
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadFilter(
            f"{title_of(name)} is given {len(values)} times: one value can be looked for."
        )
    return values[0].strip() if values else ""


def has_filters() -> set[str]:
    """Return the names of the filters that this request's page has asked for so far."""
    if "filters" not in g:
        g.filters = set()
    names: set[str] = g.filters
    return names


def check_known() -> None:
    """Refuse what no filter of this page reads. Raises BadFilter, which lists those there are."""
    names = has_filters()
    unknown = [name for name in request.args if name not in names]
    if unknown:
        there = f"this page has {', '.join(sorted(names))}" if names else "this page has none"
        raise BadFilter(f"There is no filter {shorten(unknown[0])}: {there}.")


def title_of(name: str) -> str:
    """Return what a filter is called on pages, with its word in the address."""
    return f"{TITLES[name]} ({name})" if name in TITLES else name


def fitting(value: str, known: Iterable[str]) -> list[str]:
    """Return the names that are what is looked for."""
    return [name for name in known if name_parts.fits(value, name)]


def whole_name(name: str) -> str:
    """Return a name as a filter that means no other one."""
    return f'"{name}"'


def only_one(name: str, value: str, fits: Sequence[str]) -> str:
    """Return the one name that fits. Raises BadFilter, which lists them where several do."""
    if len(fits) == 1:
        return fits[0]
    text = f"{title_of(name)}: {len(fits):,} names have {shorten(value)} in them. Choose one"
    text += (
        f" of the first {MOST_CHOICES}, or type more of it." if len(fits) > MOST_CHOICES else "."
    )
    raise BadFilter(text, name, fits[:MOST_CHOICES])


def shorten(name: str) -> str:
    """Return a name from outside as it may stand in a sentence."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."


def text(name: str) -> str:
    """Return a text, empty when it was not given. Raises BadFilter."""
    value = given(name)
    if len(value) > LONGEST or "\0" in value:
        raise BadFilter(f"{title_of(name)} is too long, or no text.")
    return value


def spellings(name: str) -> list[str]:
    """Return a name as the URL has it, then without blanks around it: some names have such.

    Empty when it was not given. Raises BadFilter.
    """
    value = text(name)
    return [one for one in dict.fromkeys((request.args.get(name, ""), value)) if one]


def choice(name: str, allowed: Iterable[str], default: str) -> str:
    """Return one of several words. Raises BadFilter."""
    value, words = given(name) or default, list(allowed)
    if value not in words:
        if name == "group" and not any(words):
            raise BadFilter("There is no group: GROUPS_FILE names no file of groups.", name)
        raise BadFilter(f"{title_of(name)} is one of {', '.join(filter(None, words))}.")
    return value


def choices(name: str, allowed: Iterable[str]) -> list[str]:
    """Return those of several words that were chosen. Raises BadFilter."""
    has_filters().add(name)
    values, words = [one for one in request.args.getlist(name) if one], list(allowed)
    if set(values) - set(words):
        raise BadFilter(f"{title_of(name)} is one or more of {', '.join(words)}.")
    return [one for one in words if one in values]


def day(name: str) -> date | None:
    """Return a date, None when it was not given. Raises BadFilter."""
    value = given(name)
    if not value:
        return None
    try:
        chosen = date.fromisoformat(value)
    except ValueError:
        raise BadFilter(f"{title_of(name)} is a date like 2026-03-02.") from None
    if not 1971 <= chosen.year <= 9000:
        raise BadFilter(f"{title_of(name)} is too far away.")
    return chosen


def whole(name: str) -> int | None:
    """Return a whole number, None when it was not given. Raises BadFilter."""
    value = given(name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise BadFilter(f"{title_of(name)} is a number.")
    return int(value)


NO_PLACE = "after is no place in the list: begin at its top again."


def place() -> tuple[datetime, int] | None:
    """Return after which time and Id a list goes on, None for its top. Raises BadFilter."""
    value = text("after")
    if not value:
        return None
    time, _, number = value.rpartition("_")
    try:
        reached = datetime.fromisoformat(time).replace(tzinfo=None)
    except ValueError:
        raise BadFilter(NO_PLACE) from None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise BadFilter(NO_PLACE)
    return reached, int(number)


def name_place(time: datetime, number: int) -> str:
    """Return a place in a list as `place` reads it."""
    return f"{time.isoformat()}_{number}"


class DateRange(NamedTuple):
    """The days a page is about, both included, and their borders in UTC.

    `usual` are those that it is about today where none are asked for.
    """

    first: date
    last: date
    borders: tuple[datetime, ...]
    usual: tuple[date, date]

    @property
    def days(self) -> list[date]:
        """Every day."""
        return days(self.first, self.last)


def check_order(first: date | None, last: date | None) -> None:
    """Refuse days that end before they begin. Raises BadFilter."""
    if first and last and first > last:
        raise BadFilter(f"{title_of('since')} is after {title_of('until')}.")


def date_range(
    calendar: Calendar, now: datetime, usual: int, asked: int | None = None
) -> DateRange:
    """Return the days of `since` to `until`, else the last ones. Raises BadFilter.

    As many as are `asked` for, else the `usual` number.
    """
    today = calendar.local(now).date()
    last = day("until") or today
    first = day("since") or last - timedelta(days=(asked or usual) - 1)
    check_order(first, last)
    if (last - first).days >= MOST_DAYS:
        raise BadFilter(f"At most {MOST_DAYS} days can be shown at once.")
    usually = (today - timedelta(days=usual - 1), today)
    return DateRange(first, last, calendar.borders(first, last), usually)
