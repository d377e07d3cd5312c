"""Days with a roll-up by month: what they add up to is kept, for old ones hardly ever change."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from schema.tables.ci import workflowruns
from schema.tables.rollups import rollspans
from store.rollups.kept_spans import Version
from store.rollups.spans import COUNTED, DAY, REVISION

Total = TypeVar("Total")
Month = tuple[tuple[datetime, Version], ...]
"""Begins of days and the versions of their roll-ups."""

READ: WeakKeyDictionary[Engine, dict[Any, dict[Month, Any]]] = WeakKeyDictionary()
"""What months add up to, by the function that does it."""


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
    return list_days(connection, (REVISION,), since, until)


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


def find_rolled_until(connection: Connection, days: Sequence[RolledDay]) -> datetime | None:
    """Return the end of the days with a roll-up, None when one of them is missing."""
    oldest = connection.scalar(select(func.min(workflowruns.c.createtime)))
    if oldest is None:
        return None
    end: datetime | None = None
    for day in days:
        if day.begin > (oldest if end is None else end):
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
        if day.begin > end:
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
