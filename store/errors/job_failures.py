"""What filters by the names of jobs leave of the failures of days.

Of an ended day all failures are kept, as `error_days` keeps what a day comes to. Names are
compared here, by one rule on all engines.
"""

import bisect
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from config.calendar import Calendar
from store.errors.day_failures import DayFailures, read_failures, size_of
from store.errors.error_days import CountedDays, DaysWanted, Span, cut_by_nights, read_days
from store.errors.error_filter import CAUSE, END, EXIT_CODES, VAGUE, ErrorFilter
from store.errors.error_places import EXAMPLES, ErrorNames, often
from store.errors.error_sums import ErrorCount, ErrorDay, ErrorSums, add_up_errors
from store.name_parts import fits
from store.reads.months import RolledDay
from store.rollups.kept_spans import KeptStores

Value = TypeVar("Value")

KEPT: KeptStores = WeakKeyDictionary()
"""Apart from what other pages keep: a store with millions of failures leaves them their room."""

EXITS = frozenset(EXIT_CODES)
CAUSES, UNRANKED = frozenset((CAUSE, None)), frozenset((END, VAGUE))


class Chosen(NamedTuple):
    """Failures of a day that a filter leaves: their places in its columns."""

    span: Span
    day: DayFailures
    places: Sequence[int]


class Fitting(dict[str | None, bool]):
    """Which names are what is looked for, each compared once."""

    def __init__(self, value: str) -> None:
        super().__init__({None: False})
        self.value = value

    def __missing__(self, name: str) -> bool:
        return self.setdefault(name, fits(self.value, name))


class JobFailures:
    """What a filter leaves of the failures of days; those of `kept` as they were read before.

    `among`: of these errors alone, None for all.
    """

    def __init__(
        self,
        connection: Connection,
        wanted: DaysWanted,
        kept: Sequence[RolledDay],
        among: Collection[str] | None = None,
    ) -> None:
        self.calendar = wanted.calendar
        read = partial(read_failures, connection)
        days = read_days(connection, wanted, kept, ("failures",), read, size_of, KEPT)
        tests = list_tests(wanted.filter, among)
        self.named = [choose(span, days[span[0]], tests) for span in wanted.spans]
        choose_kind = OF_KIND[wanted.filter.kind]
        self.chosen = [own._replace(places=choose_kind(own.day, own.places)) for own in self.named]

    def count_days(self) -> CountedDays:
        """Return what the days come to."""
        days = [count_day(self.calendar, chosen) for chosen in self.chosen]
        return CountedDays(days, [day.sums for day in days])

    def count_kinds(self) -> dict[str, int]:
        """Return in how many jobs a message is of each kind that is never ranked."""
        seen = set[tuple[str, int]]()
        for _, day, places in self.named:
            kinds, errors, of_jobs = day.kinds, day.errors, day.jobs
            seen.update(
                (VAGUE if errors[at] in EXITS else str(kinds[at]), of_jobs[at])
                for at in places
                if kinds[at] in UNRANKED or errors[at] in EXITS
            )
        return Counter(kind for kind, _ in seen)

    def name_places(self, errors: Collection[str], most: int = EXAMPLES) -> dict[str, ErrorNames]:
        """Return where the `most` latest failures of each error were."""
        latest: dict[str, list[tuple[Any, ...]]] = {error: [] for error in errors}
        missing = set(errors)
        for _, day, places in reversed(self.chosen):
            columns = (day.repoids, day.workflows, day.names, day.runners, day.branches)
            for at in reversed(places):
                error = day.errors[at]
                if error in missing:
                    latest[error].append(tuple(column[at] for column in columns))
                    if len(latest[error]) == most:
                        missing.remove(error)
            if not missing:
                break
        return {
            error: ErrorNames(*map(often, zip(*rows, strict=True)))
            for error, rows in latest.items()
            if rows
        }


def choose_causes(day: DayFailures, places: Iterable[int]) -> list[int]:
    """Return the failures that tell a cause, as SQL has it: no exit code is one."""
    kinds, errors = day.kinds, day.errors
    return [at for at in places if kinds[at] in CAUSES and errors[at] not in EXITS]


def choose_ends(day: DayFailures, places: Iterable[int]) -> list[int]:
    """Return the failures that tell an end."""
    return [at for at in places if day.kinds[at] == END]


def choose_vague(day: DayFailures, places: Iterable[int]) -> list[int]:
    """Return the failures that tell nothing."""
    return [at for at in places if day.kinds[at] == VAGUE or day.errors[at] in EXITS]


OF_KIND: dict[str, Callable[[DayFailures, Sequence[int]], Sequence[int]]] = {
    "": lambda _, places: places,
    CAUSE: choose_causes,
    END: choose_ends,
    VAGUE: choose_vague,
}


def list_tests(
    wanted: ErrorFilter, among: Collection[str] | None
) -> list[tuple[str, Mapping[Any, bool]]]:
    """Return which columns of failures a filter looks at, and what is let through."""
    tests = list[tuple[str, Mapping[Any, bool]]]()
    for column, values in (("errors", among), ("repoids", wanted.repoids)):
        if values is not None:
            tests.append((column, defaultdict(bool, dict.fromkeys(values, True))))
    asked = {
        "workflows": wanted.workflow,
        "names": wanted.job,
        "branches": wanted.branch,
        "runners": wanted.runner,
    }
    return tests + [(column, Fitting(value)) for column, value in asked.items() if value]


def choose(span: Span, day: DayFailures, tests: Sequence[tuple[str, Mapping[Any, bool]]]) -> Chosen:
    """Return the failures of a day that pass all tests."""
    places: Sequence[int] = range(len(day.times))
    for column, passes in tests:
        values = getattr(day, column)
        places = [at for at in places if passes[values[at]]]
    return Chosen(span, day, places)


def count_day(calendar: Calendar, chosen: Chosen) -> ErrorDay:
    """Return what the chosen failures of a day come to."""
    cuts = cut_by_nights(calendar, [chosen.span])
    repoids: dict[str, set[int]] = defaultdict(set)
    sums, nights = list[ErrorSums](), list[tuple[date, dict[str, int]]]()
    for begin, end in itertools.pairwise(cuts):
        times, places = chosen.day.times, chosen.places
        low, high = bisect.bisect_left(times, begin), bisect.bisect_left(times, end)
        its = places[bisect.bisect_left(places, low) : bisect.bisect_left(places, high)]
        counts = count_errors(chosen.day, its, repoids)
        sums.append(ErrorSums(counts, {}))
        own = {name: count.jobs for name, count in counts.items()}
        nights.append((calendar.night(begin), own))
    whole = add_up_errors(sums)
    whole.repoids.update((name, frozenset(places)) for name, places in repoids.items())
    return ErrorDay(whole, nights)


def count_errors(
    day: DayFailures, places: Sequence[int], repoids: Mapping[str, set[int]]
) -> dict[str, ErrorCount]:
    """Count errors among failures of a day, and add the repositories in which each was."""
    errors, times = pick(day.errors, places), pick(day.times, places)
    seen = Counter(error for error, _ in set(zip(errors, pick(day.jobs, places), strict=True)))
    for error, repoid in set(zip(errors, pick(day.repoids, places), strict=True)):
        repoids[error].add(repoid)
    last = dict(zip(errors, times, strict=True))  # they are in the order of their times
    first = dict(zip(reversed(errors), reversed(times), strict=True))
    latest = dict(sorted(zip(errors, pick(day.numbers, places), strict=True)))
    told = Counter(day.errors[at] for at in places if day.kinds[at] is not None)
    return {
        error: ErrorCount(number, first[error], last[error], latest[error], told[error])
        for error, number in seen.items()
    }


def pick(column: Sequence[Value], places: Iterable[int]) -> list[Value]:
    """Return what a column has at some places."""
    return [column[at] for at in places]
