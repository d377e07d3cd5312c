"""Named SELECTs of an audit: what is stored of a repository in a span of time.

Times are UTC without zone; both ends of a span are included. A stub is a row that another record
named, and none described: it has the empty version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from engines.chunks import chunks
from rows.version import STUB
from rows.words import COMPLETED
from schema.tables.backfill import runreads, windows
from schema.tables.ci import (
    branches,
    commits,
    jobs,
    repoaliases,
    repos,
    runattempts,
    workflowruns,
    workflows,
)
from schema.tables.reconciler import rereads
from store.state.backfill_progress import CLOSED, LISTED, RunRead


class StoredRun(NamedTuple):
    """A run; `is_stub` when only its jobs have been seen."""

    gitid: int
    attempt: int | None
    status: str | None
    conclusion: str | None
    createtime: datetime | None
    updatetime: datetime | None
    runnumber: int | None
    workflowgitid: int | None
    workflowname: str | None
    is_stub: bool


class StoredJob(NamedTuple):
    """A job; `createtime` None where no record told it."""

    gitid: int
    rungitid: int
    attempt: int | None
    status: str | None
    createtime: datetime | None


def in_span(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition of runs created in a span, or whose creation nobody told."""
    run = workflowruns.c
    return or_(run.createtime.between(since, until), run.createtime.is_(None))


def list_runs(
    connection: Connection, repoid: int, since: datetime, until: datetime
) -> list[StoredRun]:
    """Return the runs of a span, stubs without a time included."""
    run = workflowruns.c
    names = StoredRun._fields[:-1]
    query: Select[Any] = select(*(run[name] for name in names), run.version == STUB)
    query = query.where(run.repoid == repoid, in_span(since, until)).order_by(run.gitid)
    return [StoredRun(*row) for row in connection.execute(query)]


def list_attempts(
    connection: Connection, repoid: int, since: datetime, until: datetime
) -> dict[int, set[int]]:
    """Return the numbers of the attempts of a span's runs that are more than stubs."""
    run, attempt = workflowruns.c, runattempts.c
    same = and_(attempt.provider == run.provider, attempt.rungitid == run.gitid)
    query = select(attempt.rungitid, attempt.attempt).join(workflowruns, same)
    query = query.where(run.repoid == repoid, in_span(since, until), attempt.version != STUB)
    found: dict[int, set[int]] = defaultdict(set)
    for gitid, number in connection.execute(query):
        found[gitid].add(number)
    return found


def of_span(repoid: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the jobs of a span's runs, joined with these."""
    run, job = workflowruns.c, jobs.c
    same = and_(job.provider == run.provider, job.rungitid == run.gitid)
    return same, run.repoid == repoid, in_span(since, until)


def list_open_jobs(
    connection: Connection, repoid: int, since: datetime, until: datetime
) -> list[StoredJob]:
    """Return the jobs of a span's runs that have not ended."""
    query = select(*(jobs.c[name] for name in StoredJob._fields))
    is_open = func.coalesce(jobs.c.status, "") != COMPLETED
    found = connection.execute(query.where(*of_span(repoid, since, until), is_open))
    return [StoredJob(*row) for row in found]


def list_attempts_with_jobs(
    connection: Connection, repoid: int, since: datetime, until: datetime
) -> set[tuple[int, int]]:
    """Return the attempts of a span's runs that have a job, as run and number."""
    query = select(jobs.c.rungitid, func.coalesce(jobs.c.attempt, 1)).distinct()
    found = connection.execute(query.where(*of_span(repoid, since, until)))
    return {(run, attempt) for run, attempt in found}


def list_jobs(connection: Connection, repoid: int, runs: Sequence[int]) -> Iterator[StoredJob]:
    """Yield the jobs of runs."""
    provider = select(repos.c.provider).where(repos.c.Id == repoid).scalar_subquery()
    query = select(*(jobs.c[name] for name in StoredJob._fields))
    for chunk in chunks(runs):
        these = jobs.c.rungitid.in_(chunk)
        for row in connection.execute(query.where(jobs.c.provider == provider, these)):
            yield StoredJob(*row)


def list_run_reads(
    connection: Connection, repoid: int, since: datetime, until: datetime
) -> dict[int, RunRead]:
    """Return what is noted of the runs of a span that GitHub listed."""
    read = runreads.c
    query = select(*(read[name] for name in RunRead._fields))
    found = connection.execute(
        query.where(read.repoid == repoid, read.createtime.between(since, until))
    )
    return {row.rungitid: RunRead(*row) for row in found}


def list_listed_spans(connection: Connection, repoid: int) -> list[tuple[datetime, datetime]]:
    """Return the spans of creation time whose runs were listed to their end."""
    window = windows.c
    query = select(window.firsttime, window.lasttime)
    chosen = (window.repoid == repoid, window.state.in_((LISTED, CLOSED)))
    return [(first, last) for first, last in connection.execute(query.where(*chosen))]


def list_open_at_source(connection: Connection, repoid: int, since: datetime) -> set[int]:
    """Return the runs that the reconciler asked for since a time, or gave up.

    GitHub has not ended them either.
    """
    read = rereads.c
    chosen = (read.repoid == repoid, or_(read.state == "abandoned", read.duetime >= since))
    return set(connection.scalars(select(read.rungitid).where(*chosen)))


def list_heads(connection: Connection, repoid: int) -> dict[str, str | None]:
    """Return what each branch that is not deleted points at."""
    chosen = (branches.c.repoid == repoid, branches.c.deletetime.is_(None))
    found = connection.execute(select(branches.c.name, branches.c.headhash).where(*chosen))
    return {name: head for name, head in found}


def find_hashes(connection: Connection, repoid: int, wanted: Iterable[str | None]) -> set[str]:
    """Return those of the wanted hashes whose commits are stored."""
    found = set[str]()
    for chunk in chunks(sorted({one for one in wanted if one})):
        these = commits.c.hash.in_(chunk)
        query = select(commits.c.hash).where(commits.c.repoid == repoid, these)
        found |= set(connection.scalars(query))
    return found


def read_workflow_names(connection: Connection, repoid: int) -> dict[int, str]:
    """Return the names of the workflows by their ids."""
    query = select(workflows.c.gitid, workflows.c.name).where(workflows.c.repoid == repoid)
    return {gitid: name for gitid, name in connection.execute(query) if name}


def list_names(connection: Connection, repoid: int) -> set[str]:
    """Return the full names a repository goes or went by, in lower case."""
    today = connection.scalars(select(repos.c.name).where(repos.c.Id == repoid))
    former = connection.scalars(select(repoaliases.c.name).where(repoaliases.c.repoid == repoid))
    return {name.lower() for name in (*today, *former) if name}


def list_repositories(connection: Connection) -> dict[int, set[str]]:
    """Return the full names of each repository, former ones too, by repos.Id."""
    found: dict[int, set[str]] = defaultdict(set)
    for query in (
        select(repos.c.Id, repos.c.name),
        select(repoaliases.c.repoid, repoaliases.c.name),
    ):
        for number, name in connection.execute(query):
            if name:
                found[number].add(name)
    return found


def read_full_name(connection: Connection, repoid: int) -> str:
    """Return what a repository is called today."""
    name = connection.execute(select(repos.c.name).where(repos.c.Id == repoid)).scalar_one()
    return str(name)
