"""Named SELECTs that count runs and jobs in their tables: by day, and how long jobs wait and run.

Spans are whole seconds, so counting each value loses nothing. `store.figures.job_shares` answers
the same questions from roll-ups.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    select,
)

from engines.column_types import exact
from rows.words import SKIPPED, RunKey, workflow_key
from schema.tables.ci import jobs, workflowruns
from store.rollups.branch_runs import jobs_of_branch, of_any_repository


class JobSort(NamedTuple):
    """What jobs are counted by: the columns that are equal, and what to call it."""

    by: tuple[ColumnElement[Any], ...]
    name: ColumnElement[Any]
    of_run: bool = False

    def key(self, values: Sequence[Any], name: str | None) -> Any:
        """Return what tells a share from others, by its values of `by`; None for its name."""
        if self.by == WORKFLOW:
            return values[0], workflow_key(values[1], name)
        return values[0] if self.by == (jobs.c.repoid,) else None


RUN_OF_JOB = and_(
    workflowruns.c.provider == jobs.c.provider, workflowruns.c.gitid == jobs.c.rungitid
)
"""Joins a job with its run: that alone knows the workflow's id."""

WORKFLOW_NAME = func.coalesce(workflowruns.c.workflowname, jobs.c.workflowname)
WORKFLOW = (
    jobs.c.repoid,
    workflowruns.c.workflowgitid,
    case((workflowruns.c.workflowgitid.is_(None), WORKFLOW_NAME)),
)
"""What tells the workflows of jobs apart: a name only where no id is known."""

SORTS = {
    "os": JobSort((jobs.c.os,), jobs.c.os),
    "repository": JobSort((jobs.c.repoid,), func.max(jobs.c.repo)),
    "event": JobSort((workflowruns.c.event,), workflowruns.c.event, True),
    "workflow": JobSort(WORKFLOW, func.max(WORKFLOW_NAME), True),
    "job": JobSort((exact(jobs.c.name),), func.max(jobs.c.name)),
}
"""What the tables of the page count jobs by."""


class JobSpan(NamedTuple):
    """A span of a job in whole seconds, and which jobs have it."""

    column: ColumnElement[Any]
    conditions: tuple[ColumnElement[bool], ...]


SPANS = {
    "waits": JobSpan(
        jobs.c.queuetime,
        # Jobs that waited for a person (gated), whose clock ran backwards, that are copies
        # (inherited) or never ran (skipped) are left out: none of them waited for a runner.
        (
            jobs.c.gated.is_(False),
            func.coalesce(jobs.c.clockanomaly, False).is_(False),
            func.coalesce(jobs.c.conclusion, "") != SKIPPED,
            jobs.c.queuetime.is_not(None),
        ),
    ),
    "times": JobSpan(
        func.floor(jobs.c.runtime), (jobs.c.runtime.is_not(None), jobs.c.starttime.is_not(None))
    ),
}
"""How long jobs wait for a runner, and how long they run."""


class JobFilter(NamedTuple):
    """Which jobs and runs: the borders of the days, one more than days, and who ran them."""

    borders: tuple[datetime, ...]
    os: str | None = None
    repoid: int | None = None
    repoids: tuple[int, ...] | None = None
    """Any of these, in place of `repoid`."""
    workflow: str | None = None
    branch: str | None = None
    event: str | None = None
    job: str | None = None
    runs: tuple[RunKey, ...] | None = None
    """The keys of the branch's runs of all repositories, if they were read and are few."""

    @property
    def is_narrow(self) -> bool:
        """Tell whether it asks for what no roll-up of a repository tells apart."""
        named = (self.workflow, self.branch, self.job)
        return any(value is not None for value in named)

    @property
    def is_branch_anywhere(self) -> bool:
        """Tell whether it asks for a branch of all repositories."""
        return self.branch is not None and self.repoid is None and self.repoids is None


class DayRuns(NamedTuple):
    """How many runs of a day (counted from the first one, 0) ended in one way."""

    day: int
    conclusion: str | None
    runs: int


class DaySpan(NamedTuple):
    """How many jobs of a day took so many seconds."""

    day: int
    seconds: float
    jobs: int


class JobShare(NamedTuple):
    """The jobs that have one thing in common; `seconds` is their run time in all.

    `key` tells those of one name apart, where they are known by an id. `name` is what it is called
    beside others, `own` what it is called alone.
    """

    name: str | None
    jobs: int
    seconds: float
    key: Any = None
    own: str | None = None


def day_number(column: Any, borders: Sequence[datetime]) -> ColumnElement[int]:
    """Return the number of the day a time falls on: a binary search, in SQL.

    Days are those of a time zone, so they cannot be cut from the text of a UTC time.
    """

    def search(first: int, last: int) -> ColumnElement[int]:
        if first == last:
            return literal(first)
        middle = (first + last) // 2
        earlier = column < borders[middle + 1]
        return case((earlier, search(first, middle)), else_=search(middle + 1, last))

    return search(0, len(borders) - 2)


def count_runs(connection: Connection, span: JobFilter) -> list[DayRuns]:
    """Return the runs created on each day, by conclusion."""
    run = workflowruns.c
    day = day_number(run.createtime, span.borders).label("day")
    where = [run.createtime >= span.borders[0], run.createtime < span.borders[-1]]
    if span.os is not None:
        where.append(run.os.contains(span.os, autoescape=True))
    if span.repoid is not None:
        where.append(run.repoid == span.repoid)
    if span.is_branch_anywhere:
        where.append(of_any_repository())
    where += narrowed(span, run, run.event == span.event)
    if span.job is not None:
        where.append(select(jobs.c.Id).where(RUN_OF_JOB, jobs.c.name == span.job).exists())
    query = select(day, run.conclusion, func.count()).where(*where).group_by("day", run.conclusion)
    return [DayRuns(*row) for row in connection.execute(query)]


def jobs_in(span: JobFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the jobs of a span that ran in their own attempt."""
    job = jobs.c
    where: list[ColumnElement[bool]] = [
        job.createtime >= span.borders[0],
        job.createtime < span.borders[-1],
        job.inherited.is_(False),
    ]
    if span.os is not None:
        where.append(job.os == span.os)
    if span.repoid is not None:
        where.append(job.repoid == span.repoid)
    of_event = select(workflowruns.c.Id).where(RUN_OF_JOB, workflowruns.c.event == span.event)
    where += narrowed(span, job, of_event.correlate(jobs).exists())
    if span.job is not None:
        where.append(job.name == span.job)
    if span.branch is not None and span.is_branch_anywhere:
        where.append(jobs_of_branch(span.branch, span.borders, span.runs))
    return where


def narrowed(span: JobFilter, row: Any, of_event: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return the conditions of runs or jobs that are asked for by name."""
    where = [of_event] if span.event is not None else []
    if span.repoids is not None:
        where.append(row.repoid.in_(span.repoids))
    if span.workflow is not None:
        where.append(row.workflowname == span.workflow)
    if span.branch is not None:
        where.append(row.branchname == span.branch)
    return where


def count_spans(connection: Connection, span: JobFilter, subject: str) -> list[DaySpan]:
    """Return how long jobs waited or ran (one of SPANS), by the day they were created."""
    of_jobs = SPANS[subject]
    day = day_number(jobs.c.createtime, span.borders).label("day")
    seconds = of_jobs.column.label("seconds")
    query = select(day, seconds, func.count()).where(*jobs_in(span), *of_jobs.conditions)
    rows = connection.execute(query.group_by("day", "seconds"))
    return [DaySpan(number, int(length), count) for number, length, count in rows]


def list_shares(
    connection: Connection, span: JobFilter, by: str, limit: int | None
) -> list[JobShare]:
    """Return the jobs that ran, by one of SORTS, with the most run time first."""
    sort, seconds = SORTS[by], func.sum(jobs.c.runtime)
    query = select(*sort.by, sort.name, func.count(), seconds).select_from(jobs)
    if sort.of_run:
        query = query.join(workflowruns, RUN_OF_JOB)
    query = query.where(*jobs_in(span), jobs.c.runtime.is_not(None))
    query = query.group_by(*sort.by).order_by(seconds.desc(), sort.name).limit(limit)
    return [
        JobShare(name, count, float(total), sort.key(values, name))
        for *values, name, count, total in connection.execute(query)
    ]


def sum_jobs(connection: Connection, span: JobFilter) -> JobShare:
    """Return the number and run time of all jobs that ran."""
    seconds = func.coalesce(func.sum(jobs.c.runtime), 0)
    query = select(func.count(), seconds).where(*jobs_in(span), jobs.c.runtime.is_not(None))
    count, total = connection.execute(query).one()
    return JobShare(None, count, float(total))
