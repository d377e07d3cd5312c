"""The newest jobs of one name, or of one runner."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.ci import jobs
from store.reads.connection import StatementTimeout, limit_time
from store.reads.runs import columns

FIRST, GROWTH = timedelta(days=1), 6
"""How far back a runner's jobs are looked for at first, and how many times further each step."""


class JobEnd(NamedTuple):
    """A job as lists need it: without its steps."""

    provider: str
    gitid: int
    repoid: int
    repo: str | None
    rungitid: int
    attempt: int | None
    name: str | None
    status: str | None
    conclusion: str | None
    createtime: datetime | None
    starttime: datetime | None
    endtime: datetime | None
    queuetime: int | None
    runtime: float | None
    os: str | None
    labels: str | None
    runnername: str | None
    runnergroup: str | None
    url: str | None
    workflowname: str | None
    branchname: str | None
    commithash: str | None
    inherited: bool
    failedstep: str | None

    @property
    def key(self) -> RunKey:
        """The job's name on all pages."""
        return self.provider, self.gitid

    @property
    def run_key(self) -> RunKey:
        """That of its run."""
        return self.provider, self.rungitid


def list_jobs_of(
    connection: Connection, keys: Iterable[RunKey], name: str | None = None
) -> list[JobEnd]:
    """Return the jobs of runs that ran in their own attempt, of one name if that is given."""
    job = jobs.c
    named = [] if name is None else [job.name == name]
    return [
        JobEnd(*row)
        for provider, numbers in by_scope(keys)
        for row in connection.execute(
            select(*columns(jobs, JobEnd)).where(
                job.provider == provider,
                job.rungitid.in_(numbers),
                job.inherited.is_(False),
                *named,
            )
        )
    ]


class RunnerJobs(NamedTuple):
    """Jobs of a runner, newest first, and since when they were looked for."""

    jobs: list[JobEnd]
    since: datetime | None


def list_runner_jobs(
    connection: Connection, name: str, limit: int, until: datetime, seconds: float
) -> RunnerJobs:
    """Return the newest jobs of a runner created before `until`; no index has its name.

    Ever longer spans are looked through, until enough jobs are there or the time is over.
    """
    job = jobs.c
    oldest = connection.scalar(select(func.min(job.createtime)))
    listed: list[JobEnd] = []
    began, step, high = time.monotonic(), FIRST, until
    while oldest is not None and high > oldest and len(listed) < limit:
        low, left = high - step, seconds - (time.monotonic() - began)
        if left <= 0:
            break
        within = (job.createtime >= low, job.createtime < high)
        try:
            with limit_time(connection, left):
                listed += select_runner(connection, name, limit - len(listed), *within)
        except StatementTimeout:
            break
        high, step = low, step * GROWTH
    return RunnerJobs(listed, None if oldest is None else max(high, oldest))


def select_runner(
    connection: Connection, name: str, limit: int, *within: ColumnElement[bool]
) -> Sequence[JobEnd]:
    """Return the newest jobs of a runner in a span."""
    job = jobs.c
    query = select(*columns(jobs, JobEnd)).where(
        *within, job.runnername == name, job.inherited.is_(False), job.repo.is_not(None)
    )
    query = query.order_by(job.createtime.desc(), job.Id.desc()).limit(limit)
    return [JobEnd(*row) for row in connection.execute(query)]
