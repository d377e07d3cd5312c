"""The reasons of failed jobs: which are still to be read, and writing what was found."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError

from engines import kind_of
from engines.bulk.id_list import among_ids
from engines.chunks import by_scope
from engines.transaction import TRIES, Failure, retry, transact
from rows.words import FAILED_JOB
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.write import changed_runs

LOST = ("gone", "huge")
"""Absences of a log that was not read to its end."""
SECOND = 19
"""Letters of a time to the second."""


class FailedJob(NamedTuple):
    """A failed job without a reason: what its rows in `failures` say of it."""

    provider: str
    jobgitid: int
    repoid: int
    rungitid: int | None
    attempt: int | None
    job: str | None
    step: str | None
    time: datetime | None
    steps: str | None = None


class FailureReason(NamedTuple):
    """One row of a job; `absence` (gone, huge, silent) says why there is no message.

    `kind`: `FailureMessage.kind`.
    """

    source: str
    absence: str | None = None
    message: str | None = None
    context: str | None = None
    masked: str | None = None
    fingerprint: str | None = None
    path: str | None = None
    line: int | None = None
    kind: str | None = None
    problem: str | None = None


class FailedJobFilter(NamedTuple):
    """Whose failed jobs are meant: created at `since` or later, ended by `until` (UTC).

    One that ended after `ahead`, as a wrong clock says it, is meant as well.
    """

    repoids: Collection[int]
    since: datetime
    until: datetime = datetime.max
    ahead: datetime = datetime.max


def narrow_to_failed(query: Select[Any], wanted: FailedJobFilter) -> Select[Any]:
    """Narrow a SELECT to failed jobs; the index leads to them."""
    c = jobs.c
    return (
        query.where(c.repoid.in_(wanted.repoids), c.createtime >= wanted.since)
        .where(or_(c.endtime.is_(None), c.endtime <= wanted.until, c.endtime > wanted.ahead))
        .where(c.conclusion.in_(FAILED_JOB), c.inherited == false())
    )


def narrow_to_unread(query: Select[Any], wanted: FailedJobFilter) -> Select[Any]:
    """Narrow a SELECT to failed jobs of which nothing is kept yet."""
    c = jobs.c
    first = and_(
        failures.c.provider == c.provider, failures.c.jobgitid == c.gitid, failures.c.number == 1
    )
    joined = query.select_from(jobs.outerjoin(failures, first))
    return narrow_to_failed(joined, wanted).where(failures.c.Id.is_(None))


def select_jobs(*more: Any) -> Select[Any]:
    """Return the SELECT of what a FailedJob is made of, and `more` after it."""
    c = jobs.c
    columns = (c.provider, c.gitid, c.repoid, c.rungitid, c.attempt, c.name, c.failedstep)
    return select(*columns, c.endtime, c.steps, *more)


def list_unread(connection: Connection, wanted: FailedJobFilter, most: int) -> list[FailedJob]:
    """Return at most `most` failed jobs without a reason, the latest first."""
    query = narrow_to_unread(select_jobs(), wanted)
    latest = (jobs.c.createtime.desc(), jobs.c.gitid.desc())
    rows = connection.execute(query.order_by(*latest).limit(most))
    return [FailedJob(*row) for row in rows]


Place = tuple[datetime, int]
"""A job's place among all: when it was created, and its gitid."""


def list_failed(
    connection: Connection, wanted: FailedJobFilter, before: Place | None, most: int
) -> list[tuple[Place, FailedJob]]:
    """Return at most `most` failed jobs before a place, with a reason or without, latest first."""
    c = jobs.c
    query = narrow_to_failed(select_jobs(c.createtime), wanted)
    if before is not None:
        time, gitid = before
        query = query.where(c.createtime <= time)
        query = query.where(or_(c.createtime < time, c.gitid < gitid))
    rows = connection.execute(query.order_by(c.createtime.desc(), c.gitid.desc()).limit(most))
    return [((row[-1], row[1]), FailedJob(*row[:-1])) for row in rows]


def count_failed(
    connection: Connection, wanted: FailedJobFilter, before: Place | None = None
) -> int:
    """Return how many failed jobs there are, as they were created before a place's time."""
    query = narrow_to_failed(select(func.count()), wanted)
    if before is not None:
        query = query.where(jobs.c.createtime <= before[0])
    return int(connection.execute(query).scalar_one())


def span_of(failed: FailedJob) -> tuple[str, str] | None:
    """Return the first and last second (ISO, UTC) of the step that failed, None if unknown."""
    for step in json.loads(failed.steps or "[]"):
        times = (step["starttime"], step["endtime"])
        if step["name"] == failed.step and step["conclusion"] in FAILED_JOB and all(times):
            first, last = (time.replace(" ", "T")[:SECOND] for time in times)
            return first, last
    return None


def count_unread(connection: Connection, wanted: FailedJobFilter) -> int:
    """Return how many failed jobs are without a reason."""
    query = narrow_to_unread(select(func.count()), wanted)
    return int(connection.execute(query).scalar_one())


def store_reasons(engine: Engine, failed: FailedJob, findings: Sequence[FailureReason]) -> None:
    """Store what was found of a job, in place of what was there. Raises DBAPIError."""
    transact(engine, lambda connection: write_reasons(connection, failed, findings))


def write_reasons(
    connection: Connection, failed: FailedJob, findings: Sequence[FailureReason]
) -> None:
    """Write what was found of a job, in place of what was there."""
    connection.execute(delete(failures).where(*is_of(failed)))
    insert_reasons(connection, [(failed, findings)])


FoundReasons = Sequence[tuple[FailedJob, Sequence[FailureReason]]]
"""Failed jobs, and what was found of each."""


def write_new_reasons(connection: Connection, reasons: FoundReasons) -> None:
    """Write what was found of jobs, of those of which nothing is kept yet."""
    jobs_found = {(job.provider, job.jobgitid): (job, told) for job, told in reversed(reasons)}
    for provider, gitids in by_scope(sorted(jobs_found)):
        for kept in connection.scalars(KEPT_JOBS, {"of": provider, "those": gitids}).all():
            del jobs_found[provider, kept]
    insert_reasons(connection, list(jobs_found.values()))


KEPT_JOBS = (
    select(failures.c.jobgitid)
    .where(failures.c.provider == bindparam("of"), among_ids(failures.c.jobgitid, "those"))
    .where(failures.c.number == 1)
)


def insert_reasons(connection: Connection, reasons: FoundReasons) -> None:
    """Write what was found of jobs of which nothing is kept; a night's roll-up shows it."""
    rows = [
        {**job._asdict(), "number": number, **finding._asdict()}
        for job, findings in reasons
        for number, finding in enumerate(findings, start=1)
    ]
    if not rows:
        return
    for row in rows:
        del row["steps"]
    kind_of(connection).post(connection, insert(failures), rows)
    runs = [(job.provider, job.rungitid) for job, _ in reasons if job.rungitid is not None]
    changed_runs.note_changes(connection, runs)


def is_of(failed: FailedJob) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of the rows of a job."""
    return failures.c.provider == failed.provider, failures.c.jobgitid == failed.jobgitid


CHANGED, SAME, KEPT = "changed", "same", "kept"


def replace_reasons(engine: Engine, failed: FailedJob, findings: Sequence[FailureReason]) -> str:
    """Store what was found of a job that may have been read before; return what came of it.

    SAME when nothing differs; KEPT when its messages stay: its log is not there any more. Raises
    DBAPIError.
    """
    columns = [failures.c[name] for name in FailureReason._fields]
    query = select(*columns).where(*is_of(failed)).order_by(failures.c.number)

    def work(connection: Connection) -> str:
        stored = [FailureReason(*row) for row in connection.execute(query.with_for_update())]
        if stored == list(findings):
            return SAME
        new = findings[0]
        is_less = new.message is None or new.absence in LOST
        if is_less and any(reason.message for reason in stored):
            return KEPT
        write_reasons(connection, failed, findings)
        return CHANGED

    def again(failure: Failure) -> float | None:
        return 0.0 if failure.tries < TRIES else None

    # Another process has just stored what it found: that is there now.
    return retry(lambda: transact(engine, work), IntegrityError, again)
