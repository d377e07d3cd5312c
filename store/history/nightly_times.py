"""What nights before tell of nightlies: what they are called, in which they ran, and when.

Of nights that ended it is kept for as long as no roll-up of one is made anew, as is what was
missed in them (store.history.missed_nights); of later ones it is read, and added to it.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, select

from config.calendar import Calendar, days
from config.groups import rules_of
from engines.chunks import chunks
from rows.sources import SCHEDULES
from rows.words import workflow_key
from schema.tables.ci import workflowruns
from store.history.expected_nights import Key, Nightly
from store.rollups.kept_spans import Block, Said, Version, find_kept, keep_value
from store.rollups.nightly_runs import GROUP, NightlyResult
from store.rollups.spans import RollupPlan

TIME = 12
"""About the characters of a time that is kept."""

ADDED = 4
"""About the characters of what a result adds to what is known of a workflow."""

Added = TypeVar("Added")
Times = dict[Key, list[datetime]]


class Past(NamedTuple):
    """Nights that ended and have a roll-up, their making, and when the last of them ended."""

    calendar: Calendar
    rules: str
    made: Mapping[date, Version]
    end: datetime

    def block(self, first: date) -> Block | None:
        """Return the nights from one to the last; None where one of them has no roll-up."""
        if first not in self.made:
            return None
        nights = days(first, max(self.made))
        if not all(night in self.made for night in nights):
            return None
        told = repr([self.made[night] for night in nights]).encode()
        return Block(self.calendar.begin(first), (blake2b(told, digest_size=16).digest(),))


def find_past(plan: RollupPlan, made: Mapping[date, Version], now: datetime) -> Past:
    """Return the nights with a roll-up that ended."""
    calendar = plan.calendar
    ended = {night: version for night, version in made.items() if calendar.end(night) <= now}
    return Past(
        calendar, rules_of(plan.groups), ended, calendar.end(max(ended)) if ended else datetime.min
    )


def add_up_past(
    connection: Connection,
    past: Past,
    first: date,
    results: Sequence[NightlyResult],
    add_up: Callable[..., Added],
) -> Added:
    """Return what the results from a night on add up to: of those that ended it is kept.

    `add_up` gets results, and what those before them add up to.
    """
    block = past.block(first)
    if block is None:
        return add_up([each for each in results if first <= each.night])
    end = max(past.made)

    def make() -> Said:
        ended = [each for each in results if first <= each.night <= end]
        return Said(add_up(ended), ADDED * len(ended))

    subject = ("nightlies", past.calendar, past.rules, add_up.__name__)
    before = keep_value(connection, subject, block, make)
    return add_up([each for each in results if each.night > end], before)


def read_times(
    connection: Connection, nightlies: Mapping[Key, Nightly], firsts: Mapping[Key, date], past: Past
) -> Times:
    """Return when runs of workflows were created, of each from the begin of its night on."""
    begun = {night: past.calendar.begin(night) for night in set(firsts.values())}
    blocks = {night: past.block(night) for night in begun}

    def subject_of(key: Key) -> Hashable:
        return "times", past.calendar, past.rules, nightlies[key].way, key

    known: Times = {}
    for key, first in firsts.items():
        if (block := blocks[first]) is not None:
            kept = find_kept(connection, [block], subject_of(key))
            if block.begin in kept:
                known[key] = kept[block.begin]
    rest = {key: begun[first] for key, first in firsts.items() if key not in known}
    times = find_times(connection, nightlies, rest)
    for key, begin in rest.items():
        if (block := blocks[firsts[key]]) is not None:
            before = [time for time in times.get(key, ()) if begin <= time < past.end]
            said = Said(before, TIME * len(before))
            keep_value(connection, subject_of(key), block, partial(Said, *said))
    since = find_times(connection, nightlies, dict.fromkeys(known, past.end))
    return times | {key: [*before, *since.get(key, ())] for key, before in known.items()}


def find_times(
    connection: Connection, nightlies: Mapping[Key, Nightly], keys: Mapping[Key, datetime]
) -> Times:
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
