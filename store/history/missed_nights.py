"""Nightlies that were expected, by the schedule their own past shows, and did not run.

Comes in: what nights brought. A workflow is expected in a night if it ran in the nights of that
weekday before, three of four at least; one that is younger, if it ran in each night so far.
"""

import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from config.calendar import Calendar
from engines.chunks import chunks
from rows.sources import SCHEDULES
from rows.words import WorkflowKey, workflow_key
from schema.tables.ci import repos, workflowruns, workflows
from store.rollups.nightly_runs import GROUP, SCHEDULE, NightlyResult
from store.rollups.spans import RollupPlan

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
ASLEEP = "disabled_inactivity"
WHY = {ASLEEP: " (the server disabled it: nothing happens in the repository)"}
FRIDAY = 4


class MissedNight(NamedTuple):
    """A nightly that did not run; `expected` is on the clock of the calendar's zone."""

    repoid: int
    night: date
    workflowkey: WorkflowKey
    workflow: str
    expected: datetime
    why: str = ""


class Nightly(NamedTuple):
    """A workflow that ran in nights: its name in the newest, how it was nightly, and when."""

    name: str
    way: str
    nights: set[date]


Key = tuple[int, WorkflowKey]


def list_nightlies(results: Iterable[NightlyResult]) -> dict[Key, Nightly]:
    """Return the workflows that ran by a schedule, or a group's rule, by repository."""
    names: dict[Key, str] = {}
    ways: dict[Key, str] = {}
    nights: dict[Key, set[date]] = defaultdict(set)
    for result in sorted(results, key=lambda result: result.night):
        if result.way in (SCHEDULE, GROUP):
            for workflow, name in result.content.ran.items():
                key = (result.repoid, workflow)
                names[key] = name
                ways.setdefault(key, result.way)
                nights[key].add(result.night)
    return {key: Nightly(name, ways[key], nights[key]) for key, name in names.items()}


def list_expected(
    nightlies: Mapping[Key, Nightly], nights: Sequence[date]
) -> dict[Key, list[date]]:
    """Return the nights in which a workflow was expected and none of its name ran.

    Two of one name may be one: its file was moved, or its runs have no id of it yet.
    """
    alike: dict[tuple[int, str], set[date]] = defaultdict(set)
    for (repoid, _), nightly in nightlies.items():
        alike[repoid, nightly.name.casefold()] |= nightly.nights
    expected = {
        (repoid, workflow): [
            night
            for night in nights
            if night not in alike[repoid, nightly.name.casefold()]
            and is_expected(nightly.nights, night)
        ]
        for (repoid, workflow), nightly in nightlies.items()
    }
    return {key: wanted for key, wanted in expected.items() if wanted}


def is_expected(nights: Collection[date], night: date) -> bool:
    """Tell whether a workflow that ran in some nights is expected in another."""
    earlier = {one for one in nights if is_recent(one, night)}
    if not earlier:
        return False
    first = min(earlier)
    alike = [night - WEEK * back for back in range(1, WEEKS + 1) if night - WEEK * back >= first]
    if len(alike) > 1:
        return 4 * sum(one in earlier for one in alike) >= 3 * len(alike)
    of_late = [night - DAY * back for back in range(1, 7) if night - DAY * back >= first]
    if alike:
        return alike[0] in earlier and sum(one in earlier for one in of_late) >= YOUNG
    has_weekend = any(one.weekday() > FRIDAY for one in of_late)
    is_daily = len(of_late) >= YOUNG and earlier.issuperset(of_late)
    return is_daily and (night.weekday() <= FRIDAY or has_weekend)


def list_missed(
    connection: Connection,
    plan: RollupPlan,
    results: Sequence[NightlyResult],
    nights: Sequence[date],
    now: datetime,
) -> list[MissedNight]:
    """Return the nightlies that did not run in some nights; `results` reach PAST nights further."""
    nightlies = list_nightlies(results)
    lacking = list_expected(nightlies, nights)
    if not lacking:
        return []
    lacking = {key: lacking[key] for key in list_watched(connection, lacking)}
    asleep = find_states(connection, lacking)
    firsts = {key: first_needed(nightlies[key].nights, wanted) for key, wanted in lacking.items()}
    begun = {key: plan.calendar.begin(first) for key, first in firsts.items()}
    times = read_times(connection, nightlies, begun)
    missed = []
    for (repoid, workflow), wanted in lacking.items():
        state = asleep.get((repoid, workflow))
        if state not in (None, "active", ASLEEP):
            continue
        ran = first_of_nights(plan.calendar, times.get((repoid, workflow), []))
        for night in wanted:
            expected = find_expected(plan.calendar, ran, night, now)
            if expected is not None:
                name = nightlies[repoid, workflow].name
                local = plan.calendar.local(expected)
                why = WHY.get(state or "", "")
                missed.append(MissedNight(repoid, night, workflow, name, local, why))
    return missed


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
    before = [time for own, time in firsts.items() if is_recent(own, night)][-TIMES:]
    if not before:
        return None
    begin, end = calendar.begin(night), calendar.end(night)
    offsets = [(time - begin) % DAY for time in before]
    usual = statistics.median_low(offsets)
    if 4 * sum(abs(offset - usual) <= NEAR for offset in offsets) < 3 * len(offsets):
        return None  # there is no time of day at which it runs
    if now < min(end, begin + max(offsets) + LATE):
        return None
    return begin + usual


def list_watched(connection: Connection, keys: Iterable[Key]) -> list[Key]:
    """Return those of repositories that are neither gone nor archived."""
    keys = list(keys)
    over: set[int] = set()
    for part in chunks(sorted({repoid for repoid, _ in keys})):
        query = select(repos.c.Id).where(
            repos.c.Id.in_(part), repos.c.gonereason.is_not(None) | repos.c.archived.is_(True)
        )
        over.update(connection.scalars(query))
    return [key for key in keys if key[0] not in over]


def find_states(connection: Connection, keys: Iterable[Key]) -> Mapping[Key, str | None]:
    """Return whether workflows are active, by what their server said last."""
    row, states = workflows.c, dict[Key, str | None]()
    for part in chunks(sorted({repoid for repoid, _ in keys})):
        query = select(row.repoid, row.gitid, row.state).where(row.repoid.in_(part))
        states |= {(repoid, gitid): state for repoid, gitid, state in connection.execute(query)}
    return states


def read_times(
    connection: Connection,
    nightlies: Mapping[Key, Nightly],
    keys: Mapping[Key, datetime],
) -> dict[Key, list[datetime]]:
    """Return when runs of workflows were created, of each from its time on at least."""
    run, times = workflowruns.c, defaultdict[Key, list[datetime]](list)
    wanted = (run.repoid, run.workflowgitid, run.workflowname, run.event, run.createtime)
    for part in chunks(sorted({repoid for repoid, _ in keys})):
        gitids = {workflow for repoid, workflow in keys if repoid in part}
        query = select(*wanted).where(
            run.repoid.in_(part),
            run.workflowgitid.in_([one for one in gitids if isinstance(one, int)])
            | run.workflowgitid.is_(None),
            run.createtime >= min(since for (repoid, _), since in keys.items() if repoid in part),
            run.headrepo.is_(None),
        )
        if not any(nightlies[key].way == GROUP for key in keys):
            query = query.where(run.event.in_(SCHEDULES))
        for repoid, gitid, name, event, created in connection.execute(query):
            key = (repoid, workflow_key(gitid, name))
            if key in keys and (event in SCHEDULES or nightlies[key].way == GROUP):
                times[key].append(created)
    return times
