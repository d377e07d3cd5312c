"""Days with a roll-up: which changed later, and what months add up to, kept from ask to ask."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from engines.chunks import by_scope, chunks
from schema.tables.ci import workflowruns
from schema.tables.rollups import rollspans, rollups
from store.rollups.days import ALL
from store.rollups.kept_spans import Version
from store.rollups.spans import COUNTED, DAY, FIGURED, find_newest
from store.write.changed_runs import read_changes

Total = TypeVar("Total")
Month = tuple[tuple[datetime, Version], ...]
"""Begins of days and the versions of their roll-ups."""

READ: WeakKeyDictionary[Engine, dict[Any, dict[Month, Any]]] = WeakKeyDictionary()
"""What months add up to, by the function that does it."""

FEW = 1000
"""So many runs that wait for their roll-ups are looked at."""
TICK = timedelta(microseconds=1)
Span = tuple[datetime, datetime]


class RolledDay(NamedTuple):
    """A day with a roll-up, and how often and when that was made."""

    begin: datetime
    end: datetime
    revision: int
    rolltime: datetime

    @property
    def version(self) -> Version:
        """Tell one making of the roll-up from all others."""
        return self.revision, self.rolltime

    @property
    def is_going_on(self) -> bool:
        """Tell whether the roll-up was made before the day's end: soon another one is."""
        return self.rolltime < self.end


class Gap(NamedTuple):
    """A time that is in no day with a roll-up; the last has no end."""

    begin: datetime
    end: datetime | None


def list_counted_days(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> list[RolledDay]:
    """Return the days whose runs and spans of jobs a roll-up counts, the oldest first."""
    return list_days(connection, COUNTED, since, until)


def list_rolled_days(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> list[RolledDay]:
    """Return the days with a roll-up that begin in a span, or all, the oldest first."""
    return list_days(connection, FIGURED, since, until)


def list_days(
    connection: Connection, rules: Sequence[str], since: datetime | None, until: datetime | None
) -> list[RolledDay]:
    """Return the days of a span whose roll-ups were made by any of these rules."""
    span = rollspans.c
    query = select(span.begintime, span.endtime, span.revision, span.rolltime)
    query = query.where(span.kind == DAY, span.rules.in_(rules)).order_by(span.begintime)
    if since is not None:
        query = query.where(span.begintime >= since)
    if until is not None:
        query = query.where(span.begintime < until)
    return [RolledDay(*row) for row in connection.execute(query).all()]


def find_changed(connection: Connection, until: datetime, since: datetime) -> Span | None:
    """Return from when until when runs were created, before `until`, that changed since a time.

    A day without a roll-up may have such runs; None where none has.
    """
    run, row = workflowruns.c, rollups.c
    oldest = connection.scalar(select(func.min(run.createtime)))
    if oldest is None or oldest >= until:
        return None
    days = [day for day in list_counted_days(connection) if day.begin < until]
    changed = set[datetime]()
    for part in chunks([day.begin for day in days]):
        told = (row.repoid == ALL, row.begintime.in_(part), row.changed >= since)
        changed |= set(connection.scalars(select(row.begintime).where(*told)))
    spans, at = list[Span](), oldest
    for day in days:
        if day.begin not in changed:
            if has_runs(connection, at, day.begin):
                spans.append((at, day.begin))
            at = max(at, day.end)
    if at < until:
        spans.append((at, until))
    if waiting := find_waiting(connection, oldest, until):
        spans.append(waiting)
    return (min(begin for begin, _ in spans), max(end for _, end in spans)) if spans else None


def find_waiting(connection: Connection, oldest: datetime, until: datetime) -> Span | None:
    """Return from when until when runs were created that wait for their roll-ups, None for none."""
    waiting = read_changes(connection, FEW + 1)
    if len(waiting) > FEW:
        return oldest, until
    run, created = workflowruns.c, list[datetime]()
    for provider, gitids in by_scope(change.key for change in waiting):
        told = (run.provider == provider, run.gitid.in_(gitids))
        rows = connection.scalars(select(run.createtime).where(*told))
        created += (moment for moment in rows if moment is not None and moment < until)
    return (min(created), max(created) + TICK) if created else None


def has_runs(connection: Connection, begin: datetime, end: datetime) -> bool:
    """Tell whether runs or jobs were created between days with a roll-up: years have none."""
    if begin >= end:
        return False
    newest = find_newest(connection, end)
    return newest is not None and newest >= begin


def find_rolled_until(connection: Connection, days: Sequence[RolledDay]) -> datetime | None:
    """Return the end of the days with a roll-up, None when one of them is missing."""
    oldest = connection.scalar(select(func.min(workflowruns.c.createtime)))
    if oldest is None:
        return None
    end: datetime | None = None
    for day in days:
        if has_runs(connection, oldest if end is None else end, day.begin):
            return None
        end = day.end
    return end


def list_gaps(connection: Connection, days: Sequence[RolledDay]) -> list[Gap]:
    """Return the times from the first run on that are in no day with a roll-up, the newest first.

    The first goes on: the days end somewhere.
    """
    end = connection.scalar(select(func.min(workflowruns.c.createtime)))
    if end is None:
        return []
    gaps: list[Gap] = []
    for day in days:
        if has_runs(connection, end, day.begin):
            gaps.append(Gap(end, day.begin))
        end = max(end, day.end)
    return [Gap(end, None), *reversed(gaps)]


def add_up_months(
    connection: Connection,
    days: Sequence[RolledDay],
    add_up: Callable[[Connection, Sequence[datetime]], Total],
) -> list[Total]:
    """Return what the days of each month add up to; `add_up` gets their begins.

    It is called for the months of which a roll-up was made anew. What it returns is shared, so
    nobody may change it.
    """
    months: dict[tuple[int, int], list[tuple[datetime, Version]]] = defaultdict(list)
    for day in days:
        months[day.begin.year, day.begin.month].append((day.begin, day.version))
    read = READ.setdefault(connection.engine, {})
    before = read.get(add_up, {})
    now: dict[Month, Total] = {}
    for month in map(tuple, months.values()):
        if month in before:
            now[month] = before[month]
        else:
            now[month] = add_up(connection, [begin for begin, _ in month])
    read[add_up] = now
    return list(now.values())
