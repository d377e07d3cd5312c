"""The flaky jobs of some days: from their roll-ups where these are made, else counted."""

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from rows.words import workflow_key
from schema.tables.ci import repos
from schema.tables.rollups import rollflakedays
from store.reads.months import list_rolled_days
from store.rollups.find_flakes import (
    Flake,
    FlakeExample,
    JobKey,
    ShownFlake,
    job_key,
    pair_examples,
)
from store.rollups.flake_days import (
    EPOCH,
    FlakeDay,
    FlakeEnd,
    count_flakes,
    epoch,
    from_text,
)


def list_flakes(connection: Connection, borders: Sequence[datetime]) -> list[ShownFlake]:
    """Return the jobs that failed and passed on a commit between borders, the most often first."""
    begins, days = read_flake_days(connection, borders)
    query = select(repos.c.Id, repos.c.name)
    names = {number: name or "" for number, name in connection.execute(query).all()}
    return add_up(days, [*map(epoch, begins)], epoch(borders[-1]), names)


def read_flake_days(
    connection: Connection, borders: Sequence[datetime]
) -> tuple[list[datetime], list[FlakeDay]]:
    """Return spans that follow each other, by their begins: days, or several without roll-up."""
    rolled = {(day.begin, day.end) for day in list_rolled_days(connection, borders[0], borders[-1])}
    row = rollflakedays.c
    query = select(row.begintime, row.detail).where(
        row.begintime >= borders[0], row.begintime < borders[-1]
    )
    stored: dict[datetime, str] = {begin: text for begin, text in connection.execute(query).all()}
    spans = [
        (is_made, [*parts])
        for is_made, parts in itertools.groupby(itertools.pairwise(borders), rolled.__contains__)
    ]
    begins: list[datetime] = []
    days: list[FlakeDay] = []
    for is_made, parts in spans:
        if is_made:
            begins += [begin for begin, _ in parts]
            days += [from_text(stored.get(begin, "[[],[],[]]")) for begin, _ in parts]
        else:
            begins.append(parts[0][0])
            days.append(from_text(count_flakes(connection, parts[0][0], parts[-1][1])))
    return begins, days


def add_up(
    days: Sequence[FlakeDay], begins: Sequence[float], end: float, names: dict[int, str]
) -> list[ShownFlake]:
    """Return the flaky jobs of spans that begin so, the last one up to `end`."""
    called: dict[JobKey, tuple[int, int | None, str, str]] = {}
    ends: defaultdict[JobKey, dict[str, dict[Any, FlakeEnd]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for day in days:
        for repoid, gitid, workflow, job, commit, provider, listed in day.ends:
            key = job_key(repoid, workflow_key(gitid, workflow), job)
            called[key] = (repoid, gitid, workflow, job)
            own = ends[key][commit]
            told = (one for one in map(FlakeEnd._make, listed) if begins[0] <= one.time < end)
            own.update(((provider, one.gitid), one) for one in told)
    flaky = {
        key: {commit: own for commit, own in commits.items() if has_both(own.values())}
        for key, commits in ends.items()
    }
    flaky = {key: commits for key, commits in flaky.items() if commits}
    numbers = count_commits(days, begins, end, flaky.keys())
    shown = []
    for key, commits in flaky.items():
        repoid, gitid, workflow, job = called[key]
        bad = [one for own in commits.values() for one in own.values() if one.failed]
        last = max(one.time for own in commits.values() for one in own.values())
        flake = Flake(
            repoid, names.get(repoid, ""), workflow or None, job or None,
            max(numbers[key], len(commits)), len(commits), len(bad),
            sum(one.seconds for one in bad), moment(last), gitid,
        )  # fmt: skip
        pair = pair_examples(flake, list_examples(commits))
        times = tuple(moment(end.time) for end in bad)
        shown.append(pair._replace(times=times, reruns=count_reruns(commits)))
    return sorted(shown, key=rank)


def count_reruns(commits: dict[str, dict[Any, FlakeEnd]]) -> int:
    """Return in how many later attempts of their runs a job ended on commits."""
    attempts = {
        (provider, end.rungitid, end.attempt)
        for own in commits.values()
        for (provider, _), end in own.items()
        if (end.attempt or 1) > 1
    }
    return len(attempts)


def has_both(ends: Iterable[FlakeEnd]) -> bool:
    """Tell whether a failure and a success are among ends."""
    return len({end.failed for end in ends}) == 2


def rank(shown: ShownFlake) -> tuple[int, float, int, str]:
    """Return what the list is sorted by: the most often flaky first, of these the latest."""
    flake = shown.flake
    return -flake.flaky, -epoch(flake.lastseen), flake.repoid, flake.name or ""


def count_commits(
    days: Sequence[FlakeDay], begins: Sequence[float], end: float, wanted: Any
) -> Counter[JobKey]:
    """Return on how many commits jobs ended: those of each day, one of several days once."""
    counts: Counter[JobKey] = Counter()
    places: defaultdict[tuple[JobKey, str], set[int]] = defaultdict(set)
    for place, day in enumerate(days):
        for repoid, gitid, workflow, by_job in day.commits:
            flow = workflow_key(gitid, workflow)
            for job, number in by_job.items():
                key = (repoid, flow, job.casefold())
                if key in wanted:
                    counts[key] += number
        for repoid, gitid, workflow, job, commit, *times in day.links:
            key = job_key(repoid, workflow_key(gitid, workflow), job)
            if key in wanted:
                # Whichever of two days was counted later knows of the other one.
                near = (time for time in times if time is not None and begins[0] <= time < end)
                places[key, commit] |= {place, *(bisect_right(begins, time) - 1 for time in near)}
    for (key, _), of_commit in places.items():
        counts[key] -= len(of_commit) - 1
    return counts


def moment(seconds: float) -> datetime:
    """Return a time of epoch seconds."""
    return EPOCH + timedelta(seconds=seconds)


def list_examples(commits: dict[str, dict[Any, FlakeEnd]]) -> list[FlakeExample]:
    """Return the ends of a job, newest first."""
    listed = [
        FlakeExample(
            end.rungitid, provider, end.attempt, end.conclusion, moment(end.time), commit, end.gitid
        )
        for commit, own in commits.items()
        for (provider, _), end in own.items()
    ]
    return sorted(listed, key=lambda end: (end.createtime, end.gitid), reverse=True)
