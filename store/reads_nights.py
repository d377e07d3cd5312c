"""Named SELECTs for the page Nights: which runs are nightly, and which of their jobs failed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from schema.tables import commits, jobs, repos, workflowruns
from store.reads import FAILED, Commit, Run, columns

PROPOSALS = ("pull_request", "pull_request_target", "pull_request_review", "merge_group")
USUAL_BRANCHES = ("main", "master")


class FailedJob(NamedTuple):
    """A failed job of the shown attempt of a nightly run."""

    provider: str
    rungitid: int
    name: str | None
    failedstep: str | None
    conclusion: str | None
    runnername: str | None
    url: str | None


def nightly(
    connection: Connection, since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of nightly runs created in a span.

    In a repository with scheduled runs these are the nightly ones, elsewhere all of the default
    branch that are not proposals.
    """
    run = workflowruns.c
    span = and_(run.createtime >= since, run.createtime < until)
    scheduled = select(run.repoid).where(span, run.event == "schedule").distinct()
    numbers = [number for (number,) in connection.execute(scheduled) if number is not None]
    unknown = and_(repos.c.defaultbranch.is_(None), run.branchname.in_(USUAL_BRANCHES))
    usual = and_(
        run.repoid.not_in(numbers),
        run.event.not_in(PROPOSALS),
        or_(run.branchname == repos.c.defaultbranch, unknown),
    )
    return span, repos.c.name.is_not(None), or_(run.event == "schedule", usual)


def nightly_runs(connection: Connection, since: datetime, until: datetime) -> list[Run]:
    """Return the nightly runs created in a span, oldest first."""
    run = workflowruns.c
    # Today's name: rows of a repository that was renamed just now may still have the old one.
    names = {"repo": repos.c.name}
    query = (
        select(*(names.get(name, run[name]) for name in Run._fields))
        .select_from(workflowruns)
        .join(repos, repos.c.Id == run.repoid)
        .where(*nightly(connection, since, until))
        .order_by(run.createtime, run.Id)
    )
    return [Run(*row) for row in connection.execute(query)]


def failed_jobs(connection: Connection, since: datetime, until: datetime) -> list[FailedJob]:
    """Return the failed jobs of the nightly runs created in a span, in the order of their ids."""
    run, job = workflowruns.c, jobs.c
    same = and_(job.provider == run.provider, job.rungitid == run.gitid, job.attempt == run.attempt)
    query = (
        select(*columns(jobs, FailedJob))
        .select_from(workflowruns)
        .join(repos, repos.c.Id == run.repoid)
        .join(jobs, same)
        .where(*nightly(connection, since, until), job.conclusion.in_(FAILED))
        .order_by(job.gitid)
    )
    return [FailedJob(*row) for row in connection.execute(query)]


def like(run: Run) -> list[ColumnElement[bool]]:
    """Return the conditions of runs that may be compared with one: workflow, branch and event."""
    table = workflowruns.c
    return [
        table.repoid == run.repoid,
        table.workflowname == run.workflowname,
        table.branchname == run.branchname,
        table.event == run.event,
    ]


def last_good(connection: Connection, bad: Run) -> Run | None:
    """Return the newest successful run before `bad` among those like it."""
    run = workflowruns.c
    earlier = [run.createtime < bad.createtime, run.conclusion == "success"]
    query = select(*columns(workflowruns, Run)).where(*like(bad), *earlier)
    row = connection.execute(query.order_by(run.createtime.desc(), run.Id.desc()).limit(1)).first()
    return None if row is None else Run(*row)


def first_bad(connection: Connection, bad: Run, good: Run) -> Run:
    """Return the oldest failed run after `good` among those like `bad`: `bad` or an earlier one."""
    run = workflowruns.c
    later = [
        run.createtime > good.createtime,
        run.createtime <= bad.createtime,
        run.conclusion.in_(FAILED),
    ]
    query = select(*columns(workflowruns, Run)).where(*like(bad), *later)
    row = connection.execute(query.order_by(run.createtime, run.Id).limit(1)).first()
    return bad if row is None else Run(*row)


def commits_between(
    connection: Connection, repoid: int, after: datetime, until: datetime, limit: int
) -> list[Commit]:
    """Return a repository's commits by their author's time, newest first."""
    commit = commits.c
    query = (
        select(*columns(commits, Commit))
        .where(commit.repoid == repoid, commit.time > after, commit.time <= until)
        .order_by(commit.time.desc(), commit.Id.desc())
        .limit(limit)
    )
    return [Commit(*row) for row in connection.execute(query)]
