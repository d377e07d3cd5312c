"""Nightlies that were expected, by the schedule their own past shows, and did not run.

Comes in: what nights brought. What was missed in a night that ended is kept for as long as no
roll-up of it, and of the nights before that tell of it, is made anew (store.rollups.kept_spans),
and no workflow is named anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, select

from config.calendar import days
from config.groups import rules_of
from engines.chunks import chunks
from rows.words import WorkflowKey
from schema.tables.ci import repos, workflows
from store.history.expected_nights import (
    DAY,
    PAST,
    Key,
    find_expected,
    first_needed,
    first_of_nights,
    list_expected,
    list_nightlies,
    list_renamed,
)
from store.history.nightly_times import Past, add_up_past, find_past, read_times
from store.rollups.kept_spans import Block, Said, Version, find_kept, read_kept
from store.rollups.nightly_runs import NightlyResult
from store.rollups.spans import RollupPlan

ASLEEP = "disabled_inactivity"
WHY = {ASLEEP: " (the server disabled it: nothing happens in the repository)"}
LINE = 60
"""About the characters of what is kept of a nightly that did not run."""

Versions = Mapping[date, Version]
"""The nights of all repositories with a roll-up, and which making of it was read."""


class MissedNight(NamedTuple):
    """A nightly that did not run; `expected` is on the clock of the calendar's zone."""

    repoid: int
    night: date
    workflowkey: WorkflowKey
    workflow: str
    expected: datetime
    why: str = ""


def list_missed(
    connection: Connection,
    plan: RollupPlan,
    results: Sequence[NightlyResult],
    nights: Sequence[date],
    now: datetime,
    made: Versions | None = None,
) -> list[MissedNight]:
    """Return the nightlies that did not run in some nights; `results` reach PAST nights further.

    `made` tells of results of all repositories which of their nights were read from roll-ups.
    """
    past = find_past(plan, made or {}, now)
    first = min(nights, default=now.date()) - DAY * PAST
    blocks = dict[date, Block]()
    if made:
        names = add_up_past(connection, past, first, results, list_renamed)
        blocks = list_blocks(plan, nights, now, made, names.renamed)
    subject = ("missed", plan.calendar, rules_of(plan.groups))
    known = find_kept(connection, list(blocks.values()), subject)
    kept = {night for night, block in blocks.items() if block.begin in known}
    rest = [night for night in nights if night not in kept]
    judged: dict[date, list[MissedNight]] = {night: [] for night in rest}
    for each in find_missed(connection, plan, results, rest, now, past):
        judged[each.night].append(each)

    def say(begins: Sequence[datetime]) -> dict[datetime, Said]:
        own = {block.begin: judged[night] for night, block in blocks.items() if night in judged}
        return {begin: Said(tuple(own[begin]), LINE * len(own[begin])) for begin in begins}

    known = read_kept(connection, list(blocks.values()), subject, say)
    missed = [
        each
        for night in nights
        for each in (known[blocks[night].begin] if night in blocks else judged[night])
    ]
    return list_active(connection, missed)


def list_blocks(
    plan: RollupPlan,
    nights: Sequence[date],
    now: datetime,
    made: Versions,
    renamed: Mapping[Key, str],
) -> dict[date, Block]:
    """Return the nights of which all is told by roll-ups, with what tells these apart."""
    names = sorted(renamed.items(), key=str)
    blocks = {}
    for night in nights:
        begin, end = plan.calendar.begin(night), plan.calendar.end(night)
        past = days(night - timedelta(days=PAST), night)
        if end <= now and all(one in made for one in past):
            told = repr([names, *(made[one] for one in past)]).encode()
            blocks[night] = Block(begin, (blake2b(told, digest_size=16).digest(),))
    return blocks


def find_missed(
    connection: Connection,
    plan: RollupPlan,
    results: Sequence[NightlyResult],
    nights: Sequence[date],
    now: datetime,
    past: Past,
) -> list[MissedNight]:
    """Return the nightlies that did not run, whatever became of their workflows since."""
    if not nights:
        return []
    first = min(nights) - DAY * PAST
    nightlies = add_up_past(connection, past, first, results, list_nightlies)
    lacking = list_expected(nightlies, nights)
    if not lacking:
        return []
    firsts = {key: first_needed(nightlies[key].nights, wanted) for key, wanted in lacking.items()}
    times = read_times(connection, nightlies, firsts, past)
    missed = []
    for (repoid, workflow), wanted in lacking.items():
        ran = first_of_nights(plan.calendar, times.get((repoid, workflow), []))
        for night in wanted:
            expected = find_expected(plan.calendar, ran, night, now)
            if expected is not None:
                name, local = nightlies[repoid, workflow].name, plan.calendar.local(expected)
                missed.append(MissedNight(repoid, night, workflow, name, local))
    return missed


def list_active(connection: Connection, missed: Sequence[MissedNight]) -> list[MissedNight]:
    """Return those of workflows and repositories that may still run, with why they did not."""
    watched = list_watched(connection, {(one.repoid, one.workflowkey) for one in missed})
    states = {**dict.fromkeys(watched), **find_states(connection, watched)}
    keys = [(each.repoid, each.workflowkey) for each in missed]
    return [
        each._replace(why=WHY.get(states[key] or "", ""))
        for each, key in zip(missed, keys, strict=True)
        if key in states and states[key] in (None, "active", ASLEEP)
    ]


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
