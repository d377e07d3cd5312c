"""The days and nights that have roll-ups, or should."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from config.calendar import ONE, Calendar
from config.groups import Group, rules_of
from engines import database_time, reading
from engines.chunks import by_scope
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures
from schema.tables.rollups import rollspans
from store.write.changed_runs import ChangedRun

DAY, NIGHT = "day", "night"
REVISION = "11"
"""Raised when days are counted in another way: they are all made again, the newest first.

What reads them goes on with what an earlier one made, until it is made again, where that says the
same: whoever raises it says so below, or pages count all days in the tables meanwhile.
"""
FIGURED = ("10", REVISION)
"""Those of which all is as of today, but that jobs whose names differ in case alone may be one."""
COUNTED = ("8", "9", *FIGURED)
"""Those whose counts of runs and spans of jobs (`rollups` without `figures`) are."""

AGAIN = timedelta(hours=24)
"""A span that nothing marked is looked at again after this time, one at a time."""

YEAR = timedelta(days=366)
"""Where nothing was created for twice as long, as beside a time of a clock that was wrong, no day
has a roll-up.
"""
CREATED = (workflowruns.c, jobs.c)


class RollupPlan(NamedTuple):
    """What nights and days are, and which runs are nightly."""

    calendar: Calendar
    groups: tuple[Group, ...] = ()


class RollupSpan(NamedTuple):
    """A day or a night."""

    kind: str
    begin: datetime
    end: datetime


class StoredSpan(NamedTuple):
    """How a stored roll-up was made."""

    end: datetime
    rules: str
    revision: int
    rolltime: datetime


def rules_of_kind(kind: str, plan: RollupPlan) -> str:
    """Return what names the rules by which a kind of span is made."""
    return REVISION if kind == DAY else rules_of(plan.groups)


def spans_at(plan: RollupPlan, moment: datetime) -> set[RollupSpan]:
    """Return the day and the night that a time falls in."""
    calendar = plan.calendar
    day, night = calendar.local(moment).date(), calendar.night(moment)
    return {
        RollupSpan(DAY, *calendar.borders(day, day)),
        RollupSpan(NIGHT, calendar.begin(night), calendar.end(night)),
    }


def spans_of(
    connection: Connection, plan: RollupPlan, marks: Sequence[ChangedRun]
) -> set[RollupSpan]:
    """Return the days and nights that marked runs and their jobs fall in, and their failures."""
    spans: set[RollupSpan] = set()
    for table, number in ((workflowruns, "gitid"), (jobs, "rungitid")):
        for provider, numbers in by_scope(mark.key for mark in marks):
            query = select(table.c.createtime).distinct()
            query = query.where(table.c.provider == provider, table.c[number].in_(numbers))
            for moment in connection.scalars(query):
                if moment is not None:
                    spans |= spans_at(plan, moment)
    # Pages keep what the failures of a day come to: by when their jobs ended.
    for provider, numbers in by_scope(mark.key for mark in marks):
        query = select(failures.c.time).distinct()
        query = query.where(failures.c.provider == provider, failures.c.rungitid.in_(numbers))
        for moment in connection.scalars(query):
            if moment is not None:
                spans |= {span for span in spans_at(plan, moment) if span.kind == DAY}
    return spans


def list_stored_spans(connection: Connection) -> dict[tuple[str, datetime], StoredSpan]:
    """Return which roll-ups are made, by kind and begin."""
    span = rollspans.c
    query = select(
        span.kind, span.begintime, span.endtime, span.rules, span.revision, span.rolltime
    ).where(span.kind.in_((DAY, NIGHT)))
    return {(row[0], row[1]): StoredSpan(*row[2:]) for row in connection.execute(query)}


def list_stretches(connection: Connection, now: datetime) -> list[tuple[datetime, datetime]]:
    """Return from when until when runs and jobs were created, the newest first, which ends now.

    There is more than one where nothing was for twice YEAR.
    """
    stretches, end = list[tuple[datetime, datetime]](), now
    while True:
        first, older = end, find_newest(connection, end - YEAR)
        while older is not None and older >= first - YEAR - YEAR:
            first, older = older, find_newest(connection, older - YEAR)
        stretches.append((find_oldest(connection, first - YEAR, first), end))
        if older is None:
            return stretches
        end = older


def find_newest(connection: Connection, until: datetime) -> datetime | None:
    """Return when the last run or job before a time was created."""
    times = (
        connection.scalar(select(func.max(row.createtime)).where(row.createtime < until))
        for row in CREATED
    )
    return max(filter(None, times), default=None)


def find_oldest(connection: Connection, since: datetime, until: datetime) -> datetime:
    """Return when the first run or job between two times was created, else the later of them."""
    times = (
        connection.scalar(select(func.min(row.createtime)).where(row.createtime >= since))
        for row in CREATED
    )
    oldest: datetime = min([until, *filter(None, times)])
    return oldest


def count_due_days(connection: Connection, plan: RollupPlan, now: datetime) -> int:
    """Return how many days from the first run or job to yesterday are not counted by REVISION."""
    span, calendar, due = rollspans.c, plan.calendar, 0
    for begin, end in list_stretches(connection, now):
        first, after = calendar.local(begin).date(), calendar.local(end).date()
        if end < now:
            after += ONE
        made = select(func.count()).where(span.kind == DAY, span.rules == REVISION)
        made = made.where(span.begintime >= calendar.day_begin(first))
        made = made.where(span.begintime < calendar.day_begin(after))
        due += max((after - first).days - (connection.scalar(made) or 0), 0)
    return due


def list_due_spans(
    engine: Engine, plan: RollupPlan, limit: int, now: datetime | None = None
) -> list[RollupSpan]:
    """Return spans up to now that are to be made though nothing marks them, the newest first.

    Those that were never made, or by other rules; when there are none, the one that was made
    first of those that are older than AGAIN.
    """
    with reading(engine).connect() as connection:
        clock = database_time(connection)
        now = now or clock
        made = list_stored_spans(connection)
        stretches = list_stretches(connection, now)
    spans: list[RollupSpan] = []
    for begin, moment in stretches:
        while moment > begin - ONE - ONE and len(spans) < limit:
            for span in sorted(spans_at(plan, moment)):
                stored = made.get((span.kind, span.begin))
                wanted = (span.end, rules_of_kind(span.kind, plan))
                if (stored is None or (stored.end, stored.rules) != wanted) and span not in spans:
                    spans.append(span)
            moment -= ONE
    if spans:
        return spans
    again = [
        (stored.rolltime, RollupSpan(kind, begin, stored.end))
        for (kind, begin), stored in made.items()
        # What is to come was made while the clock was ahead.
        if (stored.rolltime < now - AGAIN or stored.rolltime > clock + AGAIN)
        and RollupSpan(kind, begin, stored.end) in spans_at(plan, begin)
    ]
    return [min(again)[1]] if again else []
