"""Named SELECTs for the pages: what is stored, one question each. They never write.

Times are UTC without zone, spans are half open, seconds are seconds. This file has runs and what
belongs to one; `reads_nights`, `reads_time`, `reads_flakes` and `reads_health` have the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, tuple_

from schema.tables import commits, jobs, repoaliases, repos, runattempts, workflowruns

FAILED = ("failure", "timed_out", "startup_failure")
"""Conclusions of runs and jobs that mean: somebody must look."""

RunKey = tuple[str, int]


class Repo(NamedTuple):
    """A repository; `Id` is what URLs of the pages hold, since it survives renames."""

    Id: int
    name: str
    url: str | None
    defaultbranch: str | None


class Run(NamedTuple):
    """A run as its highest attempt left it."""

    Id: int
    provider: str
    gitid: int
    repoid: int
    repo: str
    workflowname: str | None
    runnumber: int | None
    title: str | None
    event: str | None
    branchname: str | None
    commithash: str | None
    author: str | None
    triggeredby: str | None
    os: str | None
    status: str | None
    conclusion: str | None
    attempt: int | None
    createtime: datetime | None
    starttime: datetime | None
    endtime: datetime | None
    updatetime: datetime | None
    queuetime: int | None
    runtime: float | None
    url: str | None

    @property
    def key(self) -> RunKey:
        """The run's name on all pages: its server and its id there."""
        return self.provider, self.gitid


class Attempt(NamedTuple):
    """One attempt of a run."""

    attempt: int
    status: str | None
    conclusion: str | None
    createtime: datetime | None
    starttime: datetime | None
    endtime: datetime | None
    queuetime: int | None
    runtime: float | None
    triggeredby: str | None


class Job(NamedTuple):
    """One job of one attempt; `steps` is a JSON list."""

    provider: str
    gitid: int
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
    inherited: bool
    gated: bool
    clockanomaly: bool | None
    failedstep: str | None
    steps: str | None


class Commit(NamedTuple):
    """A commit as a push brought it."""

    hash: str
    author: str | None
    message: str | None
    time: datetime | None
    url: str | None


class Wanted(NamedTuple):
    """Which runs to list; None means any. `author` is the actor's login."""

    repoid: int | None = None
    workflow: str | None = None
    branch: str | None = None
    event: str | None = None
    conclusion: str | None = None
    author: str | None = None
    commit: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Place(NamedTuple):
    """Where a page of runs ends: its last run's time and Id."""

    createtime: datetime
    Id: int


def columns(table: Any, record: Any) -> list[Any]:
    """Return the table's columns that a record has, in its order."""
    return [table.c[name] for name in record._fields]


def all_repos(connection: Connection) -> list[Repo]:
    """Return the repositories that have a name, by name."""
    query = select(*columns(repos, Repo)).where(repos.c.name.is_not(None))
    return [Repo(*row) for row in connection.execute(query.order_by(repos.c.name, repos.c.Id))]


def repo_called(connection: Connection, name: str) -> Repo | None:
    """Return the repository of a full name, of today or an earlier one; None if there is none."""
    query = select(*columns(repos, Repo))
    row = connection.execute(query.where(repos.c.name == name).order_by(repos.c.Id)).first()
    if row is None:
        alias = query.join(repoaliases, repoaliases.c.repoid == repos.c.Id)
        alias = alias.where(repoaliases.c.name == name)
        row = connection.execute(alias.order_by(repoaliases.c.lastseen.desc())).first()
    return None if row is None else Repo(*row)


def chosen(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of runs."""
    table = workflowruns.c
    exact = {
        table.repoid: wanted.repoid,
        table.workflowname: wanted.workflow,
        table.branchname: wanted.branch,
        table.event: wanted.event,
        table.author: wanted.author,
        table.commithash: wanted.commit,
    }
    found = [column == value for column, value in exact.items() if value is not None]
    if wanted.conclusion == "failed":
        found.append(table.conclusion.in_(FAILED))
    elif wanted.conclusion == "running":
        found.append(and_(table.conclusion.is_(None), table.status != "completed"))
    elif wanted.conclusion is not None:
        found.append(table.conclusion == wanted.conclusion)
    if wanted.since is not None:
        found.append(table.createtime >= wanted.since)
    if wanted.until is not None:
        found.append(table.createtime < wanted.until)
    return found


def list_runs(
    connection: Connection, wanted: Wanted, limit: int, after: Place | None = None
) -> list[Run]:
    """Return runs, newest first, that come after a place in that order."""
    table = workflowruns.c
    # A run that only a job was seen of has no time yet: it appears with its own delivery.
    query = select(*columns(workflowruns, Run)).where(
        *chosen(wanted), table.createtime.is_not(None), table.repo.is_not(None)
    )
    if after is not None:
        same = and_(table.createtime == after.createtime, table.Id < after.Id)
        query = query.where(
            table.createtime <= after.createtime, or_(table.createtime < after.createtime, same)
        )
    query = query.order_by(table.createtime.desc(), table.Id.desc()).limit(limit)
    return [Run(*row) for row in connection.execute(query)]


def one_run(connection: Connection, key: RunKey) -> Run | None:
    """Return a run, None if it is not stored."""
    table = workflowruns.c
    query: Select[Any] = select(*columns(workflowruns, Run)).where(
        table.provider == key[0], table.gitid == key[1]
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Run(*row)


def attempts_of(connection: Connection, key: RunKey) -> list[Attempt]:
    """Return the attempts of a run, the first one first."""
    table = runattempts.c
    query = select(*columns(runattempts, Attempt)).where(
        table.provider == key[0], table.rungitid == key[1]
    )
    return [Attempt(*row) for row in connection.execute(query.order_by(table.attempt))]


def jobs_of(connection: Connection, keys: Iterable[RunKey]) -> list[Job]:
    """Return the jobs of all attempts of runs, in the order they were made."""
    wanted = list(keys)
    if not wanted:
        return []
    table = jobs.c
    query = select(*columns(jobs, Job)).where(tuple_(table.provider, table.rungitid).in_(wanted))
    query = query.order_by(table.attempt, table.createtime, table.gitid)
    return [Job(*row) for row in connection.execute(query)]


def one_commit(connection: Connection, repoid: int, sha: str) -> Commit | None:
    """Return a commit, None if no push brought it."""
    table = commits.c
    query = select(*columns(commits, Commit)).where(table.repoid == repoid, table.hash == sha)
    row = connection.execute(query).one_or_none()
    return None if row is None else Commit(*row)


def one_repo(connection: Connection, number: int) -> Repo | None:
    """Return a repository by its Id here, None if there is none."""
    row = connection.execute(select(*columns(repos, Repo)).where(repos.c.Id == number)).first()
    return None if row is None else Repo(*row)


def has_runs(connection: Connection) -> bool:
    """Tell whether a run is stored."""
    return connection.execute(select(workflowruns.c.Id).limit(1)).first() is not None
