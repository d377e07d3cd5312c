"""The failed jobs of runs, and of the runs that these made: what a night says has failed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from engines.chunks import by_scope
from rows.words import FAILED, RunKey
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures

LONGEST_ERROR = 300
LONGEST = timedelta(days=1)
"""So long after a run one may be made by it; that keeps the question to an index."""
DEEPEST = 2
"""How far down runs make others: https://docs.gitlab.com/ci/pipelines/downstream_pipelines/."""


class FailedJob(NamedTuple):
    """A failed job of the shown attempt of a run, and the first line of its error."""

    provider: str
    rungitid: int
    name: str | None
    failedstep: str | None
    url: str | None
    error: str | None = None
    fingerprint: str | None = None


class MadeOthers(NamedTuple):
    """A failed run without a failed job; `way` is how a night judges it."""

    repoid: int
    createtime: datetime
    way: str


def list_failed_jobs(
    connection: Connection, attempts: Mapping[RunKey, int | None]
) -> dict[RunKey, list[FailedJob]]:
    """Return the failed jobs of the shown attempts of runs, in the order of their ids."""
    job = jobs.c
    wanted = (
        job.provider, job.rungitid, job.attempt, job.gitid, job.name, job.failedstep, job.url
    )  # fmt: skip
    rows = [
        row
        for provider, numbers in by_scope(attempts)
        for row in connection.execute(
            select(*wanted)
            .where(job.provider == provider, job.rungitid.in_(numbers))
            .where(job.conclusion.in_(FAILED))
            .where(or_(job.superseded.is_(None), job.superseded.is_(False)))
            .order_by(job.gitid)
        )
        if row.attempt == attempts[row.provider, row.rungitid]
    ]
    errors = read_first_errors(connection, [(row.provider, row.gitid) for row in rows])
    failed: dict[RunKey, list[FailedJob]] = defaultdict(list)
    for row in rows:
        error = errors.get((row.provider, row.gitid), (None, None))
        key = (row.provider, row.rungitid)
        failed[key].append(FailedJob(*key, row.name, row.failedstep, row.url, *error))
    return failed


def list_jobs_of_children(
    connection: Connection, made: Mapping[RunKey, MadeOthers], ways: Mapping[RunKey, str]
) -> dict[RunKey, list[FailedJob]]:
    """Return the failed jobs of what runs made in their repositories, by the run at the top.

    `ways` are how nights judge runs: a child that is judged as its parent is told by itself.
    """
    places = {key: (one.repoid, one.createtime) for key, one in made.items()}
    below, attempts = defaultdict[RunKey, list[RunKey]](list), dict[RunKey, int | None]()
    level = set(made)
    for _ in range(DEEPEST):
        rows = [row for keys in grouped(level, places) for row in read_children(connection, *keys)]
        level = set()
        for parent, key, attempt in rows:
            below[parent].append(key)
            attempts[key] = attempt
            if key not in places:
                places[key] = places[parent]
                level.add(key)
    failed = list_failed_jobs(connection, attempts)
    told = dict[RunKey, list[FailedJob]]()
    for top, about in made.items():
        own = [key for key in below[top] if ways.get(key) != about.way]
        deeper = [key for child in own for key in below[child] if ways.get(key) != about.way]
        if theirs := [job for key in sorted({*own, *deeper}) for job in failed.get(key, ())]:
            told[top] = theirs
    return told


Place = tuple[int, datetime]
"""Of a run: its repository, and when it was created."""


def grouped(
    keys: Iterable[RunKey], places: Mapping[RunKey, Place]
) -> Iterator[tuple[str, int, list[tuple[int, datetime]]]]:
    """Yield runs by server and repository, with their times."""
    groups: dict[tuple[str, int], list[tuple[int, datetime]]] = defaultdict(list)
    for provider, number in sorted(keys):
        repoid, created = places[provider, number]
        groups[provider, repoid].append((number, created))
    return ((*scope, runs) for scope, runs in groups.items())


def read_children(
    connection: Connection, provider: str, repoid: int, runs: list[tuple[int, datetime]]
) -> list[tuple[RunKey, RunKey, int | None]]:
    """Return the failed runs that runs of a repository made there: parent, child, its attempt."""
    run, times = workflowruns.c, [created for _, created in runs]
    query = (
        select(run.parentgitid, run.gitid, run.attempt)
        .where(run.repoid == repoid, run.provider == provider)
        .where(run.createtime.between(min(times), max(times) + LONGEST))
        .where(run.parentgitid.in_([number for number, _ in runs]))
        .where(run.conclusion.in_(FAILED))
    )
    return [
        ((provider, parent), (provider, number), attempt)
        for parent, number, attempt in connection.execute(query)
    ]


def read_first_errors(
    connection: Connection, keys: Iterable[RunKey]
) -> dict[RunKey, tuple[str | None, str | None]]:
    """Return the first line of what failed jobs say, and its fingerprint."""
    failure = failures.c
    query = select(failure.provider, failure.jobgitid, failure.message, failure.fingerprint)
    return {
        (row.provider, row.jobgitid): (first_line(row.message), row.fingerprint)
        for provider, numbers in by_scope(keys)
        for row in connection.execute(
            query.where(
                failure.provider == provider, failure.jobgitid.in_(numbers), failure.number == 1
            )
        )
    }


def first_line(text: str | None) -> str | None:
    """Return the first line of a message that says something, cut where it is long."""
    lines = [line.strip() for line in (text or "").splitlines()]
    return next((line[:LONGEST_ERROR] for line in lines if line), None)
