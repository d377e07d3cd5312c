"""Named SELECTs for the pages: what is stored, one question each. They never write.

Times are UTC without zone, spans are half open, seconds are seconds. This file has one run
and what belongs to it; the other files are called by what they answer.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from engines.chunks import by_scope
from rows.sources import call_workflow
from rows.words import SUCCESS, RunKey, WorkflowKey, workflow_key
from schema.tables.ci import commits, jobs, repoaliases, repos, runattempts, workflowruns, workflows
from store.reads.shown_names import list_shared_names


class Repo(NamedTuple):
    """A repository; `Id` is what URLs of the pages hold, since it survives renames."""

    Id: int
    provider: str
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
    headrepo: str | None = None
    workflowgitid: int | None = None
    warned: bool | None = None
    parentgitid: int | None = None

    @property
    def is_warned(self) -> bool:
        """Tell a run that passed though a job failed, or not at once: as the nights say it."""
        return self.conclusion == SUCCESS and (bool(self.warned) or (self.attempt or 1) > 1)

    @property
    def key(self) -> RunKey:
        """The run's name on all pages: its server and its id there."""
        return self.provider, self.gitid

    @property
    def workflow(self) -> WorkflowKey:
        """What its workflow is known by."""
        return workflow_key(self.workflowgitid, self.workflowname)

    @property
    def called(self) -> str:
        """What people are told its workflow is."""
        return call_workflow(self.workflowname, self.event, self.branchname)


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
    stage: str | None = None
    allowfailure: bool | None = None
    failurereason: str | None = None
    tryno: int | None = None
    superseded: bool | None = None


class Commit(NamedTuple):
    """A commit as a push brought it."""

    hash: str
    author: str | None
    message: str | None
    time: datetime | None
    url: str | None


def columns(table: Any, record: Any) -> list[Any]:
    """Return the table's columns that a record has, in its order."""
    return [table.c[name] for name in record._fields]


def list_repos(connection: Connection) -> list[Repo]:
    """Return the repositories that have a name, by name."""
    query = select(*columns(repos, Repo)).where(repos.c.name.is_not(None))
    return [Repo(*row) for row in connection.execute(query.order_by(repos.c.name, repos.c.Id))]


def find_repo(connection: Connection, name: str) -> Repo | None:
    """Return the repository of a full name, of today or an earlier one; None if there is none.

    Of several the public server's, and of one server's the one that is called so today.
    """
    query = select(*columns(repos, Repo))
    alike = connection.execute(query.where(repos.c.name == name).order_by(repos.c.provider)).all()
    row = alike[0] if alike else None
    if len(alike) > 1:
        shared = list_shared_names(connection)
        today = (one for one in alike if one.Id in shared and shared[one.Id].is_today)
        row = next(today, row)
    if row is None:
        alias = query.join(repoaliases, repoaliases.c.repoid == repos.c.Id)
        alias = alias.where(repoaliases.c.name == name)
        row = connection.execute(alias.order_by(repoaliases.c.lastseen.desc())).first()
    return None if row is None else Repo(*row)


def find_run(connection: Connection, key: RunKey) -> Run | None:
    """Return a run, None if it is not stored."""
    table = workflowruns.c
    query: Select[Any] = select(*columns(workflowruns, Run)).where(
        table.provider == key[0], table.gitid == key[1]
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Run(*row)


def find_workflow_state(connection: Connection, key: RunKey) -> str | None:
    """Return the state of a run's workflow: active, deleted, disabled_manually, ..."""
    run, flow = workflowruns.c, workflows.c
    same = (flow.provider == run.provider) & (flow.gitid == run.workflowgitid)
    query = select(flow.state).join_from(workflowruns, workflows, same)
    return connection.scalar(query.where(run.provider == key[0], run.gitid == key[1]))


def list_attempts(connection: Connection, key: RunKey) -> list[Attempt]:
    """Return the attempts of a run, the first one first."""
    table = runattempts.c
    query = select(*columns(runattempts, Attempt)).where(
        table.provider == key[0], table.rungitid == key[1]
    )
    return [Attempt(*row) for row in connection.execute(query.order_by(table.attempt))]


def list_jobs(connection: Connection, keys: Iterable[RunKey]) -> list[Job]:
    """Return the jobs of all attempts of runs, in the order they were made."""
    table = jobs.c
    order = (table.attempt, table.createtime, table.gitid)
    return [
        Job(*row)
        for provider, numbers in by_scope(keys)
        for row in connection.execute(
            select(*columns(jobs, Job))
            .where(table.provider == provider, table.rungitid.in_(numbers))
            .order_by(*order)
        )
    ]


def find_commit(connection: Connection, repoid: int, sha: str) -> Commit | None:
    """Return a commit, None if no push brought it."""
    table = commits.c
    query = select(*columns(commits, Commit)).where(table.repoid == repoid, table.hash == sha)
    row = connection.execute(query).one_or_none()
    return None if row is None else Commit(*row)


def find_repo_by_id(connection: Connection, number: int) -> Repo | None:
    """Return a repository by its Id here, None if there is none."""
    row = connection.execute(select(*columns(repos, Repo)).where(repos.c.Id == number)).first()
    return None if row is None else Repo(*row)


def has_runs(connection: Connection) -> bool:
    """Tell whether a run is stored."""
    return connection.execute(select(workflowruns.c.Id).limit(1)).first() is not None
