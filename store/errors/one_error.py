"""Named SELECTs for one error: when and where it was, and its runs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, distinct, func, select

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures
from store.errors.error_filter import ErrorFilter, narrow
from store.errors.error_places import often

MOST_PLACES = 2000
"""Of an error's latest failures, those whose jobs are looked at."""
OF_A_RUN = 2
"""An error's failures of a run, most often no more."""


class ErrorMessage(NamedTuple):
    """An error's latest failure, and since when and until when the store has it."""

    fingerprint: str
    problem: str | None
    kind: str | None
    message: str | None
    masked: str | None
    context: str | None
    path: str | None
    line: int | None
    provider: str
    repoid: int
    rungitid: int | None
    first: datetime | None = None
    last: datetime | None = None


class PlaceCount(NamedTuple):
    """What an error was seen in, and how often."""

    name: str
    jobs: int


class ErrorPlaces(NamedTuple):
    """Where an error was, each by how often; `is_whole` when every failure was looked at."""

    repositories: list[tuple[int, int]]
    workflows: list[PlaceCount]
    jobs: list[PlaceCount]
    runners: list[PlaceCount]
    branches: list[PlaceCount]
    is_whole: bool


class ErrorRun(NamedTuple):
    """A run in which an error was: how many of its jobs have it."""

    provider: str
    gitid: int
    repoid: int
    jobs: int
    time: datetime
    repo: str | None
    workflowname: str | None
    runnumber: int | None
    branchname: str | None
    commithash: str | None
    url: str | None = None


def find_error(connection: Connection, fingerprint: str) -> ErrorMessage | None:
    """Return an error by its fingerprint, None where no failure has it."""
    f = failures.c
    is_it = f.fingerprint == fingerprint
    first, last = connection.execute(select(func.min(f.time), func.max(f.time)).where(is_it)).one()
    # Those of the latest time: all of the error would be sorted, which no index has in this order.
    query = select(*(f[name] for name in ErrorMessage._fields[:-2])).where(is_it, f.time == last)
    row = connection.execute(query.order_by(f.Id.desc()).limit(1)).first()
    if row is None:
        return None
    return ErrorMessage(*row)._replace(first=first, last=last)


def count_places(connection: Connection, wanted: ErrorFilter, fingerprint: str) -> ErrorPlaces:
    """Return where an error was, by its latest failures; repositories by all of them."""
    f, j = failures.c, jobs.c
    number = func.count(distinct(f.jobgitid)).label("number")
    is_it = f.fingerprint == fingerprint
    by_repo = narrow(select(f.repoid, number), wanted).where(is_it).group_by(f.repoid)
    repositories = [
        (repoid, int(count))
        for repoid, count in connection.execute(by_repo.order_by(number.desc(), f.repoid))
    ]
    # The latest ones by their index, then their jobs: a server would sort all with their jobs.
    listed = narrow(select(f.provider, f.jobgitid, f.time, f.Id), wanted).where(is_it)
    listed = listed.order_by(f.time.desc(), f.Id.desc()).limit(MOST_PLACES + 1)
    latest = listed.subquery("latest")
    its_job = (j.provider == latest.c.provider) & (j.gitid == latest.c.jobgitid)
    query = select(latest.c.jobgitid, j.workflowname, j.name, j.runnername, j.branchname)
    query = query.select_from(latest.outerjoin(jobs, its_job))
    rows = connection.execute(query.order_by(latest.c.time.desc(), latest.c.Id.desc())).all()
    shown = list({row.jobgitid: row for row in rows[:MOST_PLACES]}.values())
    workflows, names, runners, branches = (
        count_names(row[at] for row in shown) for at in range(1, 5)
    )
    is_whole = len(rows) <= MOST_PLACES
    return ErrorPlaces(repositories, workflows, names, runners, branches, is_whole)


def count_names(names: Iterable[str | None]) -> list[PlaceCount]:
    """Return how often each known name occurs, the most frequent first."""
    listed = [name for name in names if name]
    return [PlaceCount(name, listed.count(name)) for name in often(listed)]


def list_error_runs(
    connection: Connection, wanted: ErrorFilter, fingerprint: str, most: int, skip: int = 0
) -> list[ErrorRun]:
    """Return the runs in which an error was, the latest first."""
    f, run = failures.c, workflowruns.c
    time, number = func.max(f.time).label("time"), func.count(distinct(f.jobgitid)).label("jobs")
    parts = select(f.provider, f.rungitid, func.min(f.repoid).label("repoid"), number, time)
    is_it = (f.fingerprint == fingerprint, f.rungitid.is_not(None))
    names = (run.repo, run.workflowname, run.runnumber, run.branchname, run.commithash, run.url)
    rows = list[Any]()
    for provider, numbers in by_scope(
        list_latest_runs(connection, wanted, fingerprint, most, skip)
    ):
        its = (*is_it, f.provider == provider, f.rungitid.in_(numbers))
        listed = narrow(parts, wanted).where(*its).group_by(f.provider, f.rungitid)
        own = listed.subquery("listed")
        same = (run.provider == own.c.provider) & (run.gitid == own.c.rungitid)
        rows += connection.execute(select(own, *names).outerjoin(workflowruns, same)).all()
    return sorted((ErrorRun(*row) for row in rows), key=by_time, reverse=True)


def list_latest_runs(
    connection: Connection, wanted: ErrorFilter, fingerprint: str, most: int, skip: int
) -> list[RunKey]:
    """Return the runs in which an error was last, the latest first."""
    f = failures.c
    is_it = (f.fingerprint == fingerprint, f.rungitid.is_not(None))
    time = func.max(f.time).label("time")
    order = (time.desc(), f.rungitid.desc())
    # So many of its latest failures are of so many runs, most often: the others are not sorted.
    latest = narrow(select(f.time), wanted).where(*is_it).order_by(f.time.desc())
    reach = connection.scalar(latest.limit(1).offset(OF_A_RUN * (skip + most)))
    for since in (reach, None) if reach else (None,):
        query = narrow(select(f.provider, f.rungitid, time), wanted).where(*is_it)
        if since is not None:
            query = query.where(f.time >= since)
        query = query.group_by(f.provider, f.rungitid).order_by(*order).limit(most).offset(skip)
        keys = [(row.provider, row.rungitid) for row in connection.execute(query)]
        if len(keys) == most:
            break
    return keys


def by_time(run: ErrorRun) -> tuple[datetime, int]:
    """Return what runs are sorted by."""
    return run.time, run.gitid
