"""Pure: what failures come to, by error, and what several such counts add up to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

COUNT, PART, REPO = 80, 15, 3
"""About the characters of what is kept: of an error, of its jobs in a night, of a repository."""


class ErrorCount(NamedTuple):
    """In how many jobs an error was, when, failures.Id of its latest, and how many have a kind."""

    jobs: int
    first: datetime
    last: datetime
    latest: int
    kinds: int


class ErrorSums(NamedTuple):
    """What some days come to, by error; `repoids`: where each was."""

    counts: dict[str, ErrorCount]
    repoids: dict[str, frozenset[int]]


class ErrorDay(NamedTuple):
    """What a day comes to, and the jobs of each error in the parts that nights cut it into."""

    sums: ErrorSums
    nights: list[tuple[date, dict[str, int]]]


def add_up_errors(parts: Iterable[ErrorSums]) -> ErrorSums:
    """Return what parts come to together."""
    counts: dict[str, ErrorCount] = {}
    places: dict[str, list[frozenset[int]]] = defaultdict(list)
    for part in parts:
        add_counts(counts, part.counts)
        for name, repoids in part.repoids.items():
            places[name].append(repoids)
    return ErrorSums(counts, {name: frozenset().union(*those) for name, those in places.items()})


def add_counts(counts: dict[str, ErrorCount], more: Mapping[str, ErrorCount]) -> None:
    """Add to the counts of errors."""
    for name, own in more.items():
        known = counts.get(name)
        if known is None:
            counts[name] = own
            continue
        jobs, first, last, latest, kinds = known
        counts[name] = ErrorCount(
            jobs + own.jobs,
            first if first < own.first else own.first,
            last if last > own.last else own.last,
            latest if latest > own.latest else own.latest,
            kinds + own.kinds,
        )


def size_of_sums(sums: ErrorSums) -> int:
    """Return about how many characters sums take."""
    return COUNT * len(sums.counts) + REPO * sum(map(len, sums.repoids.values()))


def size_of(day: ErrorDay) -> int:
    """Return about how many characters a day takes."""
    return size_of_sums(day.sums) + PART * sum(len(jobs) for _, jobs in day.nights)
