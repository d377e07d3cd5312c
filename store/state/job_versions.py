"""Versions of first failed jobs and of those that passed before: which to read, and writing them.

Jobs are alike that have one workflow (by its id), name, branch and fork. A failed job is a first
one where the last one like it before it passed: cancelled and skipped ones tell nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    delete,
    false,
    insert,
    or_,
    select,
    update,
)

from engines import database_time, reading, use_index
from engines.column_types import exact
from engines.transaction import transact
from rows.words import FAILED_JOB, SUCCESS
from schema.tables.ci import jobs, workflowruns
from schema.tables.job_versions import jobversions, versionreads
from store.state.failures import FailedJobFilter
from store.write.upsert import put_rows

TELLING = (SUCCESS, *FAILED_JOB)
"""Conclusions that say whether a job was well."""
LOOKED_BACK = timedelta(days=120)
"""A job that passed longer ago is none to compare with: its log is gone."""
TOGETHER = 20
"""Jobs that are alike of one run, or of runs made in one second, at most."""


class ComparedJob(NamedTuple):
    """A job that passed or failed, when it and its run were made, and what it is alike in."""

    Id: int
    provider: str
    gitid: int
    repoid: int
    rungitid: int
    name: str
    conclusion: str
    createtime: datetime
    endtime: datetime | None
    commithash: str | None
    runcreatetime: datetime
    branchname: str | None
    workflowgitid: int | None
    headrepo: str | None
    runnumber: int | None

    @property
    def is_good(self) -> bool:
        """Tell whether it passed."""
        return self.conclusion == SUCCESS


class VersionsRead(NamedTuple):
    """What a job's log lists, by (kind, name); `absence` (gone, huge) says why there is none."""

    versions: Mapping[tuple[str, str], str]
    absence: str | None = None


class KnownRead(NamedTuple):
    """That a job's log was read, or why there was none, and which job it is compared with."""

    absence: str | None
    goodjobgitid: int | None


def select_jobs() -> Select[Any]:
    """Return a SELECT of jobs that ran in an attempt of their own and passed or failed."""
    job, run = jobs.c, workflowruns.c
    own = [job[name] for name in ComparedJob._fields[:-5]]
    same = and_(run.provider == job.provider, run.gitid == job.rungitid)
    return (
        select(*own, run.createtime, run.branchname, run.workflowgitid, run.headrepo, run.runnumber)
        .select_from(jobs.join(workflowruns, same))
        .where(job.conclusion.in_(TELLING), job.inherited == false(), job.name.is_not(None))
        .where(job.createtime.is_not(None), run.createtime.is_not(None))
    )


def list_failed(
    connection: Connection, wanted: FailedJobFilter, before: tuple[datetime, int], most: int
) -> list[ComparedJob]:
    """Return at most `most` failed jobs, the latest first, made before a time and `jobs.Id`."""
    job, (time, number) = jobs.c, before
    query = select_jobs().where(
        job.repoid.in_(wanted.repoids),
        job.createtime >= wanted.since,
        or_(job.endtime.is_(None), job.endtime <= wanted.until, job.endtime > wanted.ahead),
        job.conclusion.in_(FAILED_JOB),
        job.createtime <= time,
        or_(job.createtime < time, job.Id < number),
    )
    # The order of an index, or a server sorts all of them.
    query = use_index(query, jobs, "ix_jobs_time")
    rows = connection.execute(query.order_by(job.createtime.desc(), job.Id.desc()).limit(most))
    return [ComparedJob(*row) for row in rows]


def find_job(connection: Connection, provider: str, gitid: int) -> ComparedJob | None:
    """Return a job, None where it is not stored, or neither passed nor failed."""
    query = select_jobs().where(jobs.c.provider == provider, jobs.c.gitid == gitid)
    row = connection.execute(query).first()
    return None if row is None else ComparedJob(*row)


def like(job: ComparedJob) -> list[Any]:
    """Return the conditions of jobs that are alike."""
    run = workflowruns.c
    # Without its workflow or its branch a job is like no other.
    fork = run.headrepo.is_(None) if job.headrepo is None else run.headrepo == job.headrepo
    flow, branch = run.workflowgitid, run.branchname
    return [
        run.repoid == job.repoid,
        and_(flow.is_not(None), flow == job.workflowgitid),
        and_(branch.is_not(None), branch == job.branchname),
        fork,
        exact(jobs.c.name) == job.name,
    ]


def order_of(job: ComparedJob) -> tuple[datetime, datetime, int]:
    """Return what orders jobs that are alike: runs as they were made, then jobs of a run."""
    return job.runcreatetime, job.createtime, job.gitid


def find_previous(
    connection: Connection, job: ComparedJob, conclusions: Iterable[str] = TELLING
) -> ComparedJob | None:
    """Return the last job like this one before it, None if there is none."""
    run = workflowruns.c.createtime
    earlier = [run <= job.runcreatetime, run >= job.runcreatetime - LOOKED_BACK]
    query = select_jobs().where(*like(job), jobs.c.conclusion.in_(conclusions), *earlier)
    # In the order of the index alone, a few: those of one run, and of runs of one second.
    rows = connection.execute(by_run(query).order_by(run.desc()).limit(TOGETHER))
    others = [
        other for other in (ComparedJob(*row) for row in rows) if order_of(other) < order_of(job)
    ]
    return max(others, key=order_of, default=None)


def find_first_failed(connection: Connection, job: ComparedJob, good: ComparedJob) -> ComparedJob:
    """Return the first failed job like `job` after one that passed: `job` or an earlier one."""
    run = workflowruns.c.createtime
    later = [run >= good.runcreatetime, run <= job.runcreatetime]
    query = select_jobs().where(*like(job), jobs.c.conclusion.in_(FAILED_JOB), *later)
    rows = connection.execute(by_run(query).order_by(run).limit(TOGETHER))
    failed = [
        other for other in (ComparedJob(*row) for row in rows) if order_of(other) > order_of(good)
    ]
    return min([job, *failed], key=order_of)


def by_run(query: Select[Any]) -> Select[Any]:
    """Return a query of jobs that goes through the runs of a branch in time."""
    return use_index(query, workflowruns, "ix_workflowruns_branch")


def find_good_before(connection: Connection, job: ComparedJob) -> ComparedJob | None:
    """Return the job that a first failed one is compared with; None where it is no first one."""
    previous = None if job.is_good else find_previous(connection, job)
    return previous if previous and previous.is_good else None


def find_read(connection: Connection, job: ComparedJob) -> KnownRead | None:
    """Return what is known of a job's log, None if it was not read."""
    row = versionreads.c
    query = select(row.absence, row.goodjobgitid)
    query = query.where(row.provider == job.provider, row.jobgitid == job.gitid)
    known = connection.execute(query).first()
    return None if known is None else KnownRead(*known)


def store_versions(engine: Engine, job: ComparedJob, read: VersionsRead) -> None:
    """Store what a job's log lists, in place of what was there. Raises DBAPIError."""
    key = {"provider": job.provider, "jobgitid": job.gitid}
    row = {**key, "repoid": job.repoid, "rungitid": job.rungitid}
    listed = [
        {**row, "kind": kind, "name": name, "version": version}
        for (kind, name), version in sorted(read.versions.items())
    ]

    def work(connection: Connection) -> None:
        told = {"absence": read.absence, "names": len(listed)}
        time = {"readtime": database_time(connection)}
        put_rows(connection, versionreads, [{**row, **told, **time}])
        connection.execute(delete(jobversions).where(of(jobversions, key)))
        if listed:
            connection.execute(insert(jobversions), listed)

    transact(engine, work)


def store_first(engine: Engine, provider: str, gitid: int, read: VersionsRead) -> None:
    """Store what a failed job's log lists where it is a first one. Raises DBAPIError."""
    with reading(engine).connect() as connection:
        job = find_job(connection, provider, gitid)
        is_first = job is not None and find_good_before(connection, job) is not None
    if job is not None and is_first:
        store_versions(engine, job, read)


def note_good(engine: Engine, job: ComparedJob, good: ComparedJob) -> None:
    """Note which job a first failed one, whose log was read, is compared with."""
    key = {"provider": job.provider, "jobgitid": job.gitid}
    query = update(versionreads).where(of(versionreads, key)).values(goodjobgitid=good.gitid)
    transact(engine, lambda connection: connection.execute(query))


def of(table: Table, key: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition of the rows of one job."""
    return and_(*(table.c[name] == value for name, value in key.items()))
