"""What is asked of the page Time, by the days with a roll-up and those without.

What roll-ups say is kept as it was read: of each day what is told by day, and of blocks of days
what they add up to (store.rollups.kept_spans).
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from engines.chunks import chunks
from schema.tables.rollups import rollparts, rollups
from store.figures.job_counts import JobCounts
from store.reads.months import RolledDay, find_changed, list_rolled_days
from store.rollups import day_parts, days
from store.rollups.branch_runs import RUN_AGAIN, read_few_runs
from store.rollups.days import ALL, DayDetail
from store.rollups.durations import JobFilter
from store.rollups.kept_spans import Made, Said, add_up_kept, read_kept

Counts = dict[str, list[tuple[str | None, str | int | None, int, float]]]
"""DayDetail.counts, of a day or of several."""

SHORT, LINE = 5000, 60
"""About the characters of what is kept of a day, and of a line of what days add up to."""


class UnrolledDays(NamedTuple):
    """Days that follow each other and have no roll-up; `first` is the number of the first.

    `counts` are what their jobs come to, where all of it was counted at once.
    """

    first: int
    span: JobFilter
    counts: JobCounts | None = None


class RolledDetail(NamedTuple):
    """What a roll-up says of a day, by the day's number: of a repository or of ALL."""

    day: int
    repoid: int
    detail: DayDetail


class SplitSpan(NamedTuple):
    """What is asked for: what roll-ups say of days, and the days without.

    `rolled` has of each day what is told day by day, `sums` what any of them add up to, by the
    repository or ALL.
    """

    span: JobFilter
    rolled: list[RolledDetail]
    sums: list[tuple[int, Counts]]
    parts: list[UnrolledDays]


def split_span(connection: Connection, span: JobFilter) -> SplitSpan:
    """Return the roll-ups of a span, and which of its days have none."""
    made = dict[tuple[datetime, datetime], RolledDay]()
    part = day_parts.find_part(span)
    if part is not None or not span.is_narrow:
        rolled = list_rolled_days(connection, span.borders[0], span.borders[-1])
        made = {(day.begin, day.end): day for day in rolled}
    places, parts = dict[RolledDay, int](), list[UnrolledDays]()
    for place, day in enumerate(itertools.pairwise(span.borders)):
        if day in made:
            places[made[day]] = place
        elif parts and parts[-1].span.borders[-1] == day[0]:
            last = parts[-1]
            parts[-1] = UnrolledDays(
                last.first, span._replace(borders=(*last.span.borders, day[1]))
            )
        else:
            parts.append(UnrolledDays(place, span._replace(borders=day)))
    if span.is_branch_anywhere:
        parts = [one._replace(span=with_runs(connection, one.span)) for one in parts]
    if span.repoids is not None:
        details = list(read_details(connection, span, places))
        return SplitSpan(span, details, [(one.repoid, one.detail.counts) for one in details], parts)
    return SplitSpan(span, *read_kept_details(connection, span, part, places), parts)


def with_runs(connection: Connection, span: JobFilter) -> JobFilter:
    """Return a span with the keys of its branch's runs, where these are few."""
    assert span.branch is not None  # noqa: S101 - that is what it was asked for
    begin = span.borders[0]
    changed = find_changed(connection, begin - RUN_AGAIN, begin)
    return span._replace(runs=read_few_runs(connection, span.branch, span.borders, changed))


def read_kept_details(
    connection: Connection, span: JobFilter, part: str | None, places: dict[RolledDay, int]
) -> tuple[list[RolledDetail], list[tuple[int, Counts]]]:
    """Return what roll-ups of days say day by day, and what they add up to, as it is kept.

    Of a part, of a repository, or of ALL.
    """
    number = ALL if span.repoid is None else span.repoid
    event = None if span.event is None else span.event.casefold()
    subject = ("details", part or number, event)
    read = partial(read_texts, connection, part, number)
    decode = partial(from_text, event=event, of_part=part is not None)
    days = list(places)

    def read_short(begins: Sequence[datetime]) -> dict[datetime, Said]:
        short = {begin: tell_by_day(decode(text)) for begin, text in read(begins).items()}
        return {begin: Said(one, SHORT) for begin, one in short.items()}

    def add_up(own: Sequence[Made]) -> Said:
        texts = read([day.begin for day in own])
        counts = add_up_counts(decode(texts[day.begin]) for day in own)
        return Said(counts, LINE * sum(len(lines) for lines in counts.values()))

    sums = [(number, counts) for counts in add_up_kept(connection, days, subject, add_up)]
    short = read_kept(connection, days, subject, read_short)
    return [
        RolledDetail(places[day], number, detail) for day in days for detail in short[day.begin]
    ], sums


def read_texts(
    connection: Connection, part: str | None, number: int, begins: Sequence[datetime]
) -> dict[datetime, str | None]:
    """Return what roll-ups of days say of a part, or of a repository or ALL."""
    table, told = (rollups, rollups.c.repoid == number)
    if part is not None:
        table, told = rollparts, rollparts.c.part == part
    query = select(table.c.begintime, table.c.detail).where(told)
    texts = dict[datetime, str | None].fromkeys(begins)
    for some in chunks(begins):
        for begin, text in connection.execute(query.where(table.c.begintime.in_(some))):
            texts[begin] = text
    return texts


def from_text(text: str | None, event: str | None, *, of_part: bool) -> list[DayDetail]:
    """Return what a roll-up says: of a part there is a detail for each event."""
    if text is None:
        return []
    return day_parts.from_text(text, event) if of_part else [days.from_text(text, event)]


def tell_by_day(details: Iterable[DayDetail]) -> list[DayDetail]:
    """Return what is told of each day alone."""
    return [DayDetail({"runs": one.counts.get("runs", [])}, one.spans) for one in details]


def add_up_counts(details: Iterable[list[DayDetail]]) -> Counts:
    """Return what days have counted together, in the form of a day's."""
    sums: defaultdict[str, dict[Any, list[Any]]] = defaultdict(dict)
    for detail in itertools.chain.from_iterable(details):
        for subject, lines in detail.counts.items():
            own = sums[subject]
            for system, name, number, seconds in lines:
                total = own.get((system, name))
                if total is None:
                    own[system, name] = [number, seconds]
                else:
                    total[0] += number
                    total[1] += seconds
    return {
        subject: [(*key, number, seconds) for key, (number, seconds) in own.items()]
        for subject, own in sums.items()
    }


def read_details(
    connection: Connection, span: JobFilter, places: dict[RolledDay, int]
) -> Iterator[RolledDetail]:
    """Yield what roll-ups say of days: of some repositories."""
    of_begin = {day.begin: place for day, place in places.items()}
    for some in chunks(span.repoids or ()):
        query = select(rollups.c.begintime, rollups.c.repoid, rollups.c.detail).where(
            rollups.c.repoid.in_(some), rollups.c.begintime.in_(list(of_begin))
        )
        for begin, repoid, text in connection.execute(query):
            yield RolledDetail(of_begin[begin], repoid, days.from_text(text, span.event))
