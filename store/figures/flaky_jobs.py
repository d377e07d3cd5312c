"""The flaky jobs of some days: from their roll-ups where these are made, else counted."""

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from engines.chunks import chunks
from rows.sources import source_of
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
from store.rollups.kept_spans import Made, Said, add_up_kept, read_kept

CommitCounts = dict[JobKey, int]
"""On how many commits jobs ended."""

REST, LINE = 3, 30
"""A day without its commits is about that part of it; a job's line is so long."""


def list_flakes(connection: Connection, borders: Sequence[datetime]) -> list[ShownFlake]:
    """Return the jobs that failed and passed on a commit between borders, the most often first."""
    begins, days, counts = read_flake_days(connection, borders)
    query = select(repos.c.Id, repos.c.name)
    names = {number: name or "" for number, name in connection.execute(query).all()}
    return add_up(days, counts, [*map(epoch, begins)], epoch(borders[-1]), names)


def read_flake_days(
    connection: Connection, borders: Sequence[datetime]
) -> tuple[list[datetime], list[FlakeDay], list[CommitCounts]]:
    """Return spans that follow each other, by their begins: days, or several without roll-up.

    Their commits are those of the counts, by job: of some of them together.
    """
    rolled = {
        (day.begin, day.end): day for day in list_rolled_days(connection, borders[0], borders[-1])
    }

    def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
        texts = read_texts(connection, begins)
        return {
            begin: Said(from_text(text)._replace(commits=[]), len(text) // REST)
            for begin, text in texts.items()
        }

    def add_up_commits(days: Sequence[Made]) -> Said:
        texts = read_texts(connection, [day.begin for day in days])
        counts = count_by_job(map(from_text, texts.values()))
        return Said(counts, LINE * len(counts))

    begins: list[datetime] = []
    days: list[FlakeDay] = []
    counts: list[CommitCounts] = []
    for is_made, group in itertools.groupby(itertools.pairwise(borders), rolled.__contains__):
        parts = list(group)
        if is_made:
            made = [rolled[part] for part in parts]
            stored = read_kept(connection, made, "flakes", read)
            begins += [day.begin for day in made]
            days += [stored[day.begin] for day in made]
            counts += add_up_kept(connection, made, "commits", add_up_commits)
        else:
            begins.append(parts[0][0])
            days.append(from_text(count_flakes(connection, parts[0][0], parts[-1][1])))
            counts.append(count_by_job(days[-1:]))
    return begins, days, counts


def read_texts(connection: Connection, begins: Sequence[datetime]) -> dict[datetime, str]:
    """Return what is stored of days."""
    row = rollflakedays.c
    query = select(row.begintime, row.detail)
    texts = dict.fromkeys(begins, "[[],[],[]]")
    for some in chunks(begins):
        for begin, text in connection.execute(query.where(row.begintime.in_(some))):
            texts[begin] = text
    return texts


def count_by_job(days: Iterable[FlakeDay]) -> CommitCounts:
    """Return on how many commits jobs ended, those of each day."""
    counts: CommitCounts = {}
    for day in days:
        for repoid, gitid, workflow, by_job in day.commits:
            flow = workflow_key(gitid, workflow)
            for job, number in by_job.items():
                key = (repoid, flow, job)
                counts[key] = counts.get(key, 0) + number
    return counts


def add_up(
    days: Sequence[FlakeDay],
    counts: Sequence[CommitCounts],
    begins: Sequence[float],
    end: float,
    names: dict[int, str],
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
        key: {commit: own for commit, own in commits.items() if has_both(own)}
        for key, commits in ends.items()
    }
    flaky = {key: commits for key, commits in flaky.items() if commits}
    numbers = count_commits(days, counts, begins, end, flaky.keys())
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
    """Return how often a job ended again in its runs: in later attempts, or in their tries."""
    ends = [(provider, end) for own in commits.values() for (provider, _), end in own.items()]
    attempts = {
        (provider, end.rungitid, end.attempt) for provider, end in ends if (end.attempt or 1) > 1
    }
    tries = [(name, end.rungitid) for name, end in ends if source_of(name).retries_inside]
    return len(attempts) + len(tries) - len(set(tries))


def has_both(own: Mapping[Any, FlakeEnd]) -> bool:
    """Tell whether a job failed and passed, by its ends on a commit.

    Jobs of one name in an attempt are several, such as `Test (${{ matrix.os }})` of two versions
    each: it failed where one of them did. Where a job is tried again within an attempt it is one.
    """
    failed: dict[Any, int] = {}
    for (provider, gitid), end in own.items():
        tried = gitid if source_of(provider).retries_inside else (end.rungitid, end.attempt)
        failed[provider, tried] = max(end.failed, failed.get((provider, tried), 0))
    return len(set(failed.values())) == 2


def rank(shown: ShownFlake) -> tuple[int, float, int, str]:
    """Return what the list is sorted by: the most often flaky first, of these the latest."""
    flake = shown.flake
    return -flake.flaky, -epoch(flake.lastseen), flake.repoid, flake.name or ""


def count_commits(
    days: Sequence[FlakeDay],
    counted: Sequence[CommitCounts],
    begins: Sequence[float],
    end: float,
    wanted: Any,
) -> Counter[JobKey]:
    """Return on how many commits jobs ended: those of each day, one of several days once."""
    counts: Counter[JobKey] = Counter()
    for of_days in counted:
        counts.update({key: of_days[key] for key in wanted if key in of_days})
    places: defaultdict[tuple[JobKey, str], set[int]] = defaultdict(set)
    for place, day in enumerate(days):
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
