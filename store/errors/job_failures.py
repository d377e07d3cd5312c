"""The failures of days with the names of their jobs, and what filters by those names leave of them.

Of an ended day they are kept, as `error_days` keeps what a day comes to. Names are compared here,
by one rule on all engines.
"""

import bisect
import itertools
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from operator import itemgetter
from sys import intern
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from config.calendar import Calendar
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.errors.error_days import CountedDays, DaysWanted, Span, cut_by_nights, read_days
from store.errors.error_filter import CAUSE, END, EXIT_CODES, JOB, VAGUE, ErrorFilter, join_jobs
from store.errors.error_places import EXAMPLES, ErrorNames, often
from store.errors.error_sums import ErrorCount, ErrorDay, ErrorSums, add_up_errors
from store.name_parts import fits
from store.reads.months import RolledDay
from store.rollups.kept_spans import KeptStores

BY_TIME = itemgetter(0, 1)

ROW = 30
"""About the characters of what is kept of a failure, but for the names of its job."""

KEPT: KeptStores = WeakKeyDictionary()
"""Apart from what other pages keep: a store with millions of failures leaves them their room."""

EXITS = frozenset(EXIT_CODES)
IS_KIND: dict[str, Callable[[str | None, str], bool]] = {
    CAUSE: lambda kind, error: kind in (CAUSE, None) and error not in EXITS,
    END: lambda kind, _: kind == END,
    VAGUE: lambda kind, error: kind == VAGUE or error in EXITS,
}
"""Whether a failure's kind, and its fingerprint, are those of a filter: as SQL has it."""


class DayFailures(NamedTuple):
    """A day's failures whose jobs are stored: columns in the order of their times.

    `errors` are fingerprints, `numbers` failures.Id, `jobs` a job's number in all of the store.
    """

    times: Sequence[datetime]
    numbers: Sequence[int]
    errors: Sequence[str]
    kinds: Sequence[str | None]
    jobs: Sequence[int]
    repoids: Sequence[int]
    workflows: Sequence[str | None]
    names: Sequence[str | None]
    runners: Sequence[str | None]
    branches: Sequence[str | None]


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
    """What a filter leaves of the failures of days; those of `kept` as they were read before."""

    def __init__(
        self, connection: Connection, wanted: DaysWanted, kept: Sequence[RolledDay]
    ) -> None:
        self.calendar, self.kind = wanted.calendar, wanted.filter.kind
        read = partial(read_failures, connection)
        days = read_days(connection, wanted, kept, ("failures",), read, size_of, KEPT)
        tests = list_tests(wanted.filter)
        self.named = [choose(span, days[span[0]], tests) for span in wanted.spans]

    def list_chosen(self) -> Iterator[Chosen]:
        """Yield the failures of the kind that is asked for, by day, the oldest first."""
        is_kind = IS_KIND.get(self.kind)
        for chosen in self.named:
            kinds, errors = chosen.day.kinds, chosen.day.errors
            its = chosen.places
            if is_kind is not None:
                its = [at for at in its if is_kind(kinds[at], errors[at])]
            yield chosen._replace(places=its)

    def count_days(self) -> CountedDays:
        """Return what the days come to."""
        days = [count_day(self.calendar, chosen) for chosen in self.list_chosen()]
        return CountedDays(days, [day.sums for day in days])

    def count_kinds(self, among: Collection[str] | None) -> dict[str, int]:
        """Return in how many jobs a message is of each kind that is never ranked.

        `among`: of these errors alone, None for all.
        """
        seen: dict[str, set[int]] = defaultdict(set)
        for _, day, places in self.named:
            for at in places:
                kind, error = day.kinds[at], day.errors[at]
                if error in EXITS:
                    kind = VAGUE
                if kind in (END, VAGUE) and (among is None or error in among):
                    seen[kind].add(day.jobs[at])
        return {kind: len(own) for kind, own in seen.items()}

    def name_places(self, errors: Collection[str], most: int = EXAMPLES) -> dict[str, ErrorNames]:
        """Return where the `most` latest failures of each error were."""
        latest: dict[str, list[tuple[Any, ...]]] = {error: [] for error in errors}
        for _, day, places in reversed(list(self.list_chosen())):
            columns = (day.repoids, day.workflows, day.names, day.runners, day.branches)
            for at in reversed(places):
                rows = latest.get(day.errors[at])
                if rows is not None and len(rows) < most:
                    rows.append(tuple(column[at] for column in columns))
        return {
            error: ErrorNames(*map(often, zip(*rows, strict=True)))
            for error, rows in latest.items()
            if rows
        }


def list_tests(wanted: ErrorFilter) -> list[tuple[str, Mapping[Any, bool]]]:
    """Return which columns of failures a filter looks at, and what is let through."""
    asked = {
        "workflows": wanted.workflow,
        "names": wanted.job,
        "branches": wanted.branch,
        "runners": wanted.runner,
    }
    tests: list[tuple[str, Mapping[Any, bool]]] = [
        (column, Fitting(value)) for column, value in asked.items() if value
    ]
    if wanted.repoids is not None:
        tests.append(("repoids", defaultdict(bool, dict.fromkeys(wanted.repoids, True))))
    return tests


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
    times, numbers, errors, kinds = day.times, day.numbers, day.errors, day.kinds
    seen: dict[str, set[int]] = defaultdict(set)
    latest, told = Counter[str](), Counter[str]()
    for at in places:
        error, number = errors[at], numbers[at]
        seen[error].add(day.jobs[at])
        repoids[error].add(day.repoids[at])
        latest[error] = max(latest[error], number)
        told[error] += kinds[at] is not None
    last = {errors[at]: times[at] for at in places}  # they are in the order of their times
    first = {errors[at]: times[at] for at in reversed(places)}
    return {
        error: ErrorCount(len(own), first[error], last[error], latest[error], told[error])
        for error, own in seen.items()
    }


def read_failures(connection: Connection, spans: Sequence[Span]) -> dict[datetime, DayFailures]:
    """Read the failures, whose jobs are stored, of days that follow each other."""
    f, j = failures.c, jobs.c
    query = select(f.time, f.Id, f.fingerprint, f.kind, JOB, f.repoid)
    query = join_jobs(query.add_columns(j.workflowname, j.name, j.runnername, j.branchname))
    its = (f.fingerprint.is_not(None), f.time >= spans[0][0], f.time < spans[-1][1])
    begins = [begin for begin, _ in spans]
    rows: dict[datetime, list[Any]] = {begin: [] for begin in begins}
    for row in connection.execute(query.where(*its)):
        rows[begins[bisect.bisect(begins, row[0]) - 1]].append(row)
    return {begin: put_in_columns(own) for begin, own in rows.items()}


def put_in_columns(rows: list[Any]) -> DayFailures:
    """Return a day's failures by column."""
    if not rows:
        return DayFailures(*(() for _ in DayFailures._fields))
    times, numbers, errors, kinds, of_jobs, repoids, *names = zip(
        *sorted(rows, key=BY_TIME), strict=True
    )
    whole = (array("q", of_jobs), array("q", repoids))
    texts = (tuple(name and intern(name) for name in column) for column in (errors, kinds, *names))
    errors, kinds, *names = texts
    return DayFailures(times, array("q", numbers), errors, kinds, *whole, *names)


def size_of(day: DayFailures) -> int:
    """Return about how many characters a day's failures take."""
    names = {*day.workflows, *day.names, *day.runners, *day.branches}
    return ROW * len(day.times) + sum(len(name) for name in names if name)
