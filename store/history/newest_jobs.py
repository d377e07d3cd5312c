"""The newest jobs of one name, of one runner, or of a pool of them."""

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select

from engines.chunks import by_scope
from rows.words import RunKey, WorkflowKey
from schema.tables.ci import jobs, workflowruns
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
    """Jobs of a runner or a pool, newest first, and since when they were looked for."""

    jobs: list[JobEnd]
    since: datetime | None


def of_runner(name: str) -> list[ColumnElement[bool]]:
    """Return what jobs of a runner fulfil."""
    return [jobs.c.runnername == name]


def of_pool(labels: Sequence[str], group: str) -> list[ColumnElement[bool]]:
    """Return what jobs of runners with these labels, of a group or of none, fulfil."""
    job = jobs.c
    written = (json.dumps(labels, ensure_ascii=False), orjson.dumps(labels).decode())
    has_labels = job.labels.in_(written) if labels else job.labels.is_(None)
    return [
        has_labels,
        job.runnergroup == group if group else func.coalesce(job.runnergroup, "") == "",
    ]


def of_workflow(
    repoid: int, key: WorkflowKey, name: str, branch: str | None = None
) -> list[ColumnElement[bool]]:
    """Return what jobs of one name of a workflow fulfil, of one branch if that is given."""
    job, run = jobs.c, workflowruns.c
    if isinstance(key, int):
        is_of_flow = run.workflowgitid == key
    else:
        is_of_flow = and_(run.workflowgitid.is_(None), run.workflowname == key)
    runs = select(run.Id).where(run.provider == job.provider, run.gitid == job.rungitid, is_of_flow)
    whose = [] if branch is None else [job.branchname == branch]
    return [job.repoid == repoid, job.name == name, *whose, runs.exists()]


def list_jobs_where(
    connection: Connection,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    until: datetime,
    seconds: float,
) -> RunnerJobs:
    """Return the newest jobs that fulfil something no index has, created before `until`.

    Ever longer spans are looked through, until enough jobs are there or the time is over.
    """
    job = jobs.c
    oldest = connection.scalar(select(func.min(job.createtime)))
    listed: list[JobEnd] = []
    began, step, high = time.monotonic(), FIRST, until
    while oldest is not None and high > oldest and len(listed) < limit:
        low, left = high - min(step, high - oldest), seconds - (time.monotonic() - began)
        if left <= 0:
            break
        within = (*conditions, job.createtime >= low, job.createtime < high)
        try:
            with limit_time(connection, left):
                listed += select_newest(connection, limit - len(listed), *within)
        except StatementTimeout:
            break
        high, step = low, step * GROWTH
    return RunnerJobs(listed, None if oldest is None else max(high, oldest))


def select_newest(
    connection: Connection, limit: int, *conditions: ColumnElement[bool]
) -> Sequence[JobEnd]:
    """Return the newest jobs that fulfil something."""
    job = jobs.c
    query = select(*columns(jobs, JobEnd)).where(
        *conditions, job.inherited.is_(False), job.repo.is_not(None)
    )
    query = query.order_by(job.createtime.desc(), job.Id.desc()).limit(limit)
    return [JobEnd(*row) for row in connection.execute(query)]
