"""Named SELECTs for the list of errors: the most prevalent, and those never seen before."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, distinct, func, not_, or_, select

from config.calendar import Calendar
from engines.chunks import chunks
from rows.fingerprint import REVISION
from schema.tables.ci import repos
from schema.tables.failures import failures
from store.errors.error_filter import (
    CAUSE,
    JOB,
    SAYS_NOTHING,
    ErrorFilter,
    narrow,
    select_kinds,
    span_number,
)
from store.reads.failures import has_other_revisions

TOGETHER = 50
"""Errors whose first times are asked for by one statement."""

SORTS = ("jobs", "repositories", "last", "first")
"""What errors are ordered by."""


class KnownError(NamedTuple):
    """An error: in how many jobs of how many repositories, and its latest message.

    `first` and `last` are within the filter, `firstever` is that of the store.
    """

    fingerprint: str
    jobs: int
    repositories: int
    first: datetime
    last: datetime
    provider: str
    rungitid: int
    message: str | None
    kind: str | None
    problem: str | None
    firstever: datetime | None = None


class ErrorPage(NamedTuple):
    """Errors, in their order, and how many there are in all."""

    errors: list[KnownError]
    total: int


def list_errors(
    connection: Connection, wanted: ErrorFilter, most: int, skip: int = 0, by: str = SORTS[0]
) -> ErrorPage:
    """Return errors in the order of SORTS, the most or latest first."""
    f = failures.c
    counted: list[Any] = [func.count(distinct(JOB)).label("jobs")]
    counted += [func.count(distinct(f.repoid)).label("repositories")]
    counted += [func.min(f.time).label("first"), func.max(f.time).label("last")]
    counted += [func.max(f.Id).label("latest"), func.count(f.kind).label("kinds")]
    parts = narrow(select(f.fingerprint, *counted), wanted).group_by(f.fingerprint)
    whole = parts.subquery("whole").c
    query = select(
        *(whole.fingerprint, whole.jobs, whole.repositories, whole.first, whole.last),
        *(f.provider, f.rungitid, f.message, f.kind, f.problem),
        func.count().over().label("all"),
    ).where(f.Id == whole.latest)
    if wanted.kind == CAUSE:
        vague = or_(*(f.message.like(pattern) for pattern in SAYS_NOTHING))
        query = query.where(or_(whole.kinds > 0, not_(vague)))
    if wanted.is_new:
        older = failures.alias("older").c
        before = (older.fingerprint == whole.fingerprint, older.time < wanted.since)
        query = query.where(~select(older.Id).where(*before).exists())
    order = [whole[by].desc(), whole.last.desc(), whole.fingerprint]
    rows = connection.execute(query.order_by(*order).limit(most).offset(skip)).all()
    ever = find_first(connection, [row.fingerprint for row in rows])
    errors = [KnownError(*row[:-1])._replace(firstever=ever.get(row.fingerprint)) for row in rows]
    return ErrorPage(errors, rows[0].all if rows else 0)


def find_first(connection: Connection, fingerprints: Iterable[str]) -> dict[str, datetime]:
    """Return when errors were seen first, in all of the store."""
    f = failures.c
    # Each by itself: PostgreSQL reads all failures of several, of one the first.
    times: dict[str, datetime | None] = {}
    ordered = sorted(set(fingerprints))
    for place in range(0, len(ordered), TOGETHER):
        part = ordered[place : place + TOGETHER]
        firsts = (select(func.min(f.time)).where(f.fingerprint == own) for own in part)
        query = select(*(first.scalar_subquery() for first in firsts))
        times |= zip(part, connection.execute(query).one(), strict=True)
    return {fingerprint: time for fingerprint, time in times.items() if time is not None}


class ErrorDays(NamedTuple):
    """In how many jobs an error was on each day, and in which nights."""

    days: list[int]
    nights: set[date]


def count_days(
    connection: Connection,
    calendar: Calendar,
    borders: Sequence[datetime],
    wanted: ErrorFilter,
    fingerprints: Sequence[str],
) -> dict[str, ErrorDays]:
    """Return the days and nights of errors; `borders`: of the days, and the end of the last."""
    f = failures.c
    nights = {calendar.end(calendar.night(border)) for border in borders}
    inner = (night for night in nights if borders[0] < night < borders[-1])
    cuts = sorted({*borders, *inner})
    days = [sum(border <= cut for border in borders) - 1 for cut in cuts]
    numbers = span_number(cuts).label("span")
    counting = wanted._replace(text=None, problem=None)  # of these errors they are known
    query = narrow(select(f.fingerprint, numbers, func.count(distinct(JOB))), counting)
    query = query.where(f.fingerprint.in_(fingerprints)).group_by(f.fingerprint, numbers)
    counted = {
        fingerprint: ErrorDays([0] * (len(borders) - 1), set()) for fingerprint in fingerprints
    }
    for fingerprint, span, number in connection.execute(query):
        counted[fingerprint].days[days[span]] += number
        counted[fingerprint].nights.add(calendar.night(cuts[span]))
    return counted


def list_repo_names(connection: Connection, repoids: Iterable[int]) -> dict[int, str]:
    """Return the names of repositories by repos.Id."""
    query = select(repos.c.Id, repos.c.name).where(repos.c.name.is_not(None))
    return {
        repoid: name
        for part in chunks(sorted(set(repoids)))
        for repoid, name in connection.execute(query.where(repos.c.Id.in_(part)))
    }


class FailuresKept(NamedTuple):
    """Since when failures are kept, and whether some wait to be masked again."""

    since: datetime | None
    has_older: bool


def read_kept(connection: Connection) -> FailuresKept:
    """Return what may be said of errors that were never seen before."""
    f = failures.c
    since = connection.scalar(select(func.min(f.time)))
    return FailuresKept(since, has_other_revisions(connection, f"{REVISION}:"))


def count_kinds(connection: Connection, wanted: ErrorFilter) -> dict[str, int]:
    """Return in how many jobs a message is of each kind that is never ranked."""
    rows = connection.execute(select_kinds(wanted))
    return {name: int(number) for name, number in rows}
