"""Pure: in which nights a nightly was expected, by the schedule its own past shows, and when.

A workflow is expected in a night if it ran in the nights of that weekday before, three of four at
least; one that is younger, if it ran in each night so far.
"""

import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from config.calendar import Calendar
from rows.words import WorkflowKey
from store.rollups.nightly_runs import GROUP, SCHEDULE, NightlyResult

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WEEKS = 4
PAST = 7 * WEEKS
"""How many nights before the first that is shown are looked at."""
YOUNG = 3
"""So many nights a workflow ran in, each since its first, until it is expected."""
TIMES = 7
"""Of a nightly, the last ones before a night tell when it was expected there."""

LATE = timedelta(hours=1)
"""How long after the latest of its last times one is waited for: servers start them late."""
NEAR = timedelta(hours=2)
"""So near to their median are three of four of the times of a schedule."""
FRIDAY = 4


class Nightly(NamedTuple):
    """A workflow that ran in nights: its name in the newest, how it was nightly, and when."""

    name: str
    way: str
    nights: set[date]


Key = tuple[int, WorkflowKey]


def list_nightlies(
    results: Iterable[NightlyResult], past: Mapping[Key, Nightly] | None = None
) -> dict[Key, Nightly]:
    """Return the workflows that ran by a schedule, or a group's rule, by repository.

    `past` are those of all nights before; nobody changes them.
    """
    past = past or {}
    names: dict[Key, str] = {}
    ways: dict[Key, str] = {}
    nights: dict[Key, set[date]] = defaultdict(set)
    for result in sorted(results, key=lambda result: result.night):
        if result.way in (SCHEDULE, GROUP):
            for workflow, name in result.content.ran.items():
                key = (result.repoid, workflow)
                names[key] = name
                ways.setdefault(key, past[key].way if key in past else result.way)
                nights[key].add(result.night)
    for key in names.keys() & past.keys():
        nights[key] |= past[key].nights
    return {**past, **{key: Nightly(name, ways[key], nights[key]) for key, name in names.items()}}


class WorkflowNames(NamedTuple):
    """The first names of workflows, and the newest of those that had several."""

    first: Mapping[Key, str]
    renamed: Mapping[Key, str]


def list_renamed(
    results: Iterable[NightlyResult], past: WorkflowNames | None = None
) -> WorkflowNames:
    """Return what workflows were called: nights before go by these names, too.

    `past` are those of all nights before; nobody changes them.
    """
    names = dict(past.first) if past else {}
    renamed = dict(past.renamed) if past else {}
    before: dict[int, Mapping[WorkflowKey, str]] = {}
    for result in sorted(results, key=lambda result: result.night):
        ran = result.content.ran
        if result.way not in (SCHEDULE, GROUP) or before.get(result.repoid) is ran:
            continue  # what ran is one object in most nights of a repository
        before[result.repoid] = ran
        for workflow, name in ran.items():
            key = (result.repoid, workflow)
            if names.setdefault(key, name) != name or key in renamed:
                renamed[key] = name
    return WorkflowNames(names, renamed)


def list_expected(
    nightlies: Mapping[Key, Nightly], nights: Sequence[date]
) -> dict[Key, list[date]]:
    """Return the nights in which a workflow was expected and none of its name ran.

    Two of one name may be one: its file was moved, or its runs have no id of it yet.
    """
    alike: dict[tuple[int, str], set[date]] = defaultdict(set)
    for (repoid, _), nightly in nightlies.items():
        alike[repoid, nightly.name.casefold()] |= nightly.nights
    every = set(nights)
    expected: dict[Key, list[date]] = {}
    for (repoid, workflow), nightly in nightlies.items():
        lacking = every - alike[repoid, nightly.name.casefold()]
        if lacking:
            ordered = sorted(nightly.nights)
            wanted = [
                night
                for night in nights
                if night in lacking and is_expected(nightly.nights, night, ordered)
            ]
            if wanted:
                expected[repoid, workflow] = wanted
    return expected


def is_expected(
    nights: Collection[date], night: date, ordered: Sequence[date] | None = None
) -> bool:
    """Tell whether a workflow that ran in some nights is expected in another.

    `ordered` are its nights from the first, for many questions.
    """
    ordered = sorted(nights) if ordered is None else ordered
    place = bisect_left(ordered, night - DAY * PAST)
    if place == len(ordered) or ordered[place] >= night:
        return False
    first = ordered[place]
    alike = [night - WEEK * back for back in range(1, WEEKS + 1) if night - WEEK * back >= first]
    if len(alike) > 1:
        return 4 * sum(one in nights for one in alike) >= 3 * len(alike)
    of_late = [night - DAY * back for back in range(1, 7) if night - DAY * back >= first]
    if alike:
        return alike[0] in nights and sum(one in nights for one in of_late) >= YOUNG
    has_weekend = any(one.weekday() > FRIDAY for one in of_late)
    is_daily = len(of_late) >= YOUNG and all(one in nights for one in of_late)
    return is_daily and (night.weekday() <= FRIDAY or has_weekend)


def first_needed(nights: Collection[date], wanted: Sequence[date]) -> date:
    """Return the first night whose times tell when a nightly was expected in those wanted."""
    before = sorted(night for night in nights if is_recent(night, min(wanted)))
    return before[-TIMES:][0] if before else min(wanted)


def is_recent(earlier: date, night: date) -> bool:
    """Tell whether a night is among those that tell of another, however many more were read."""
    return night - DAY * PAST <= earlier < night


def first_of_nights(calendar: Calendar, ran: Iterable[datetime]) -> dict[date, datetime]:
    """Return the first time of each night that has any, in their order."""
    firsts: dict[date, datetime] = {}
    end = datetime.min
    for time in sorted(ran):
        if time >= end:
            night = calendar.night(time)
            firsts[night], end = time, calendar.end(night)
    return firsts


def find_expected(
    calendar: Calendar, firsts: Mapping[date, datetime], night: date, now: datetime
) -> datetime | None:
    """Return when a nightly was expected, in UTC; None if it ran after all, or may yet run.

    `firsts` are the first times of the nights it ran in, in their order.
    """
    if night in firsts:
        return None
    since = night - DAY * PAST
    before = [time for own, time in firsts.items() if since <= own < night][-TIMES:]
    if not before:
        return None
    begin, end = calendar.begin(night), calendar.end(night)
    offsets = [(time - begin) % DAY for time in before]
    usual = statistics.median_low(offsets)
    if 4 * sum(abs(offset - usual) <= NEAR for offset in offsets) < 3 * len(offsets):
        return None  # there is no time of day at which it runs
    if now < min(end, begin + max(offsets) + LATE + set_back(calendar, before, begin + usual)):
        return None
    return begin + usual


def set_back(calendar: Calendar, before: Iterable[datetime], expected: datetime) -> timedelta:
    """Return by how much the zone's clock was set back since earlier times, zero for not.

    A schedule of that zone runs so much later in UTC, one of UTC at the same time as before.
    """
    now = calendar.local(expected).utcoffset() or timedelta()
    then = (calendar.local(time).utcoffset() or timedelta() for time in before)
    return max(timedelta(), *(offset - now for offset in then))
