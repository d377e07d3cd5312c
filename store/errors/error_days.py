"""What the failures of a day come to, by error; of ended days it is kept as it was counted.

A failure that is written or changed marks its run, and so lets the roll-up of its day be made
anew: one making of that tells whether what is kept still holds (store.rollups.kept_spans). A
job's failures have one time, so that the jobs of days add up.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import Connection, distinct, func, select

from config.calendar import Calendar
from schema.tables.failures import failures
from store.errors.error_filter import (
    JOB,
    ErrorFilter,
    narrow,
    select_kinds,
    span_number,
)
from store.errors.error_sums import (
    ErrorCount,
    ErrorDay,
    ErrorSums,
    add_up_errors,
    size_of,
    size_of_sums,
)
from store.reads.months import RolledDay, list_counted_days
from store.rollups.kept_spans import (
    BLOCK,
    KEPT,
    Block,
    KeptStores,
    Said,
    add_up_kept,
    keep_value,
    read_kept,
)

LIVE = 2
"""Of the days that are asked for, the last ones that are counted with each ask."""

Span = tuple[datetime, datetime]


class CountedDays(NamedTuple):
    """Days that follow each other, and what they add up to, in some parts."""

    days: list[ErrorDay]
    sums: list[ErrorSums]


class DaysWanted(NamedTuple):
    """Which failures of which days count; nights are cut by the calendar."""

    calendar: Calendar
    spans: list[Span]
    filter: ErrorFilter


def list_kept(connection: Connection, wanted: DaysWanted) -> list[RolledDay]:
    """Return the days whose roll-ups are made; none where most have none."""
    ended = wanted.spans[:-LIVE]
    if not ended:
        return []
    made = {
        (day.begin, day.end): day
        for day in list_counted_days(connection, ended[0][0], ended[-1][1])
    }
    kept = [made[span] for span in ended if span in made]
    return kept if 2 * len(kept) >= len(ended) else []


def count_days(
    connection: Connection, wanted: DaysWanted, kept: Sequence[RolledDay]
) -> CountedDays:
    """Return what days come to; those of `kept` as they were counted before, if they were."""
    subject = ("errors", *name_filter(wanted))
    read = partial(read_errors, connection, wanted)
    known = read_days(connection, wanted, kept, subject, read, size_of)

    def add_up(days: Sequence[Any]) -> Said:
        sums = add_up_errors(known[day.begin].sums for day in days)
        return Said(sums, size_of_sums(sums))

    def add_up_all() -> Said:
        sums = add_up_errors(add_up_kept(connection, kept, (*subject, "block"), add_up))
        return Said(sums, size_of_sums(sums))

    if not kept:
        days = [known[begin] for begin, _ in wanted.spans]
        return CountedDays(days, [day.sums for day in days])
    all_kept = Block(kept[0].begin, tuple((day.begin, day.version) for day in kept))
    whole = keep_value(connection, (*subject, "whole", len(kept)), all_kept, add_up_all)
    of_whole = {day.begin for day in kept}
    others = [known[begin].sums for begin, _ in wanted.spans if begin not in of_whole]
    return CountedDays([known[begin] for begin, _ in wanted.spans], [whole, *others])


def count_unranked(
    connection: Connection, wanted: DaysWanted, kept: Sequence[RolledDay]
) -> dict[str, int]:
    """Return in how many jobs a message is of each kind that is never ranked."""
    wanted = wanted._replace(filter=wanted.filter._replace(kind=""))
    read = partial(read_kinds, connection, wanted)
    subject = ("unranked", *name_filter(wanted))
    total = Counter[str]()
    for day in read_days(connection, wanted, kept, subject, read, len).values():
        total.update(day)
    return dict(total)


def name_filter(wanted: DaysWanted) -> tuple[Any, ...]:
    """Return what tells what is kept for a filter from that for another."""
    repoids = wanted.filter.repoids
    named = None if repoids is None else tuple(sorted(repoids))
    return wanted.filter.kind, named, wanted.calendar


def read_days(
    connection: Connection,
    wanted: DaysWanted,
    kept: Sequence[RolledDay],
    subject: tuple[Any, ...],
    read: Callable[[Sequence[Span]], Mapping[datetime, Any]],
    size: Callable[[Any], int],
    stores: KeptStores = KEPT,
) -> dict[datetime, Any]:
    """Return what all days come to, by their begins; `read` counts those that are not kept."""
    ends = dict(wanted.spans)

    def count(begins: Iterable[datetime]) -> dict[datetime, Any]:
        spans = [(begin, ends[begin]) for begin in sorted(begins)]
        return {begin: value for part in follow(spans) for begin, value in read(part).items()}

    def say(begins: Sequence[datetime]) -> dict[datetime, Said]:
        return {begin: Said(value, size(value)) for begin, value in count(begins).items()}

    known: dict[datetime, Any] = {}
    for first in range(0, len(kept), BLOCK):  # what is stopped by its time has kept some of it
        known |= read_kept(connection, kept[first : first + BLOCK], subject, say, stores)
    return known | count(ends.keys() - known.keys())


def follow(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Yield spans, in their order, by those that follow each other."""
    part: list[Span] = []
    for span in spans:
        if part and part[-1][1] != span[0]:
            yield part
            part = []
        part.append(span)
    if part:
        yield part


def read_errors(
    connection: Connection, wanted: DaysWanted, spans: Sequence[Span]
) -> dict[datetime, ErrorDay]:
    """Count the errors of days that follow each other."""
    own = among(wanted.filter, spans)
    cuts = cut_by_nights(wanted.calendar, spans)
    parts: list[dict[str, ErrorCount]] = [{} for _ in cuts]
    places: list[dict[str, set[int]]] = [defaultdict(set) for _ in spans]
    for name, number, count in read_counts(connection, own, cuts):
        parts[number][name] = count
    read_places(connection, own, spans, places)
    days = {}
    for (begin, end), repoids in zip(spans, places, strict=True):
        own_parts = [
            (wanted.calendar.night(cut), parts[at])
            for at, cut in enumerate(cuts)
            if begin <= cut < end
        ]
        sums = add_up_errors(ErrorSums(counts, {}) for _, counts in own_parts)
        sums.repoids.update((name, frozenset(those)) for name, those in repoids.items())
        nights = [
            (night, {name: count.jobs for name, count in counts.items()})
            for night, counts in own_parts
        ]
        days[begin] = ErrorDay(sums, nights)
    return days


def read_counts(
    connection: Connection, own: ErrorFilter, cuts: Sequence[datetime]
) -> Iterator[tuple[str, int, ErrorCount]]:
    """Count errors by parts of days: error, part, count."""
    f, part = failures.c, span_number(cuts).label("part")
    query = select(f.fingerprint, part, func.count(distinct(JOB)), func.min(f.time))
    query = query.add_columns(func.max(f.time), func.max(f.Id), func.count(f.kind))
    groups = narrow(query, own).group_by(f.fingerprint, part)
    for name, number, *counted in connection.execute(groups):
        yield intern(name), number, ErrorCount(*counted)


def read_places(
    connection: Connection,
    own: ErrorFilter,
    spans: Sequence[Span],
    places: Sequence[dict[str, set[int]]],
) -> None:
    """Add the repositories in which errors were on days."""
    f = failures.c
    day = span_number([spans[0][0], *(end for _, end in spans)]).label("day")
    numbers: dict[int, int] = {}  # one object for each repository
    seen = narrow(select(f.fingerprint, day, f.repoid).distinct(), own)
    for name, number, repoid in connection.execute(seen):
        places[number][intern(name)].add(numbers.setdefault(repoid, repoid))


def read_kinds(
    connection: Connection, wanted: DaysWanted, spans: Sequence[Span]
) -> dict[datetime, dict[str, int]]:
    """Count the jobs of days that follow each other whose messages are never ranked, by kind."""
    day = span_number([spans[0][0], *(end for _, end in spans)]).label("day")
    days: dict[datetime, dict[str, int]] = {begin: {} for begin, _ in spans}
    for kind, jobs, number in connection.execute(select_kinds(among(wanted.filter, spans), day)):
        days[spans[number][0]][kind] = jobs
    return days


def among(wanted: ErrorFilter, spans: Sequence[Span]) -> ErrorFilter:
    """Return the filter of days that follow each other."""
    return wanted._replace(since=spans[0][0], until=spans[-1][1])


def cut_by_nights(calendar: Calendar, spans: Sequence[Span]) -> list[datetime]:
    """Return where days and nights begin, and the end of the last day."""
    ends = (calendar.end(calendar.night(begin)) for begin, _ in spans)
    inner = (end for end in ends if spans[0][0] < end < spans[-1][1])
    return sorted({*inner, *itertools.chain.from_iterable(spans)})
