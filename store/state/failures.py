"""The reasons of failed jobs: which are still to be read, and writing what was found."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, and_, delete, false, func, insert, or_, select

from engines.transaction import transact
from rows.words import FAILED_JOB
from schema.tables.ci import jobs
from schema.tables.failures import failures
from store.write import changed_runs

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


def narrow_to_unread(query: Select[Any], wanted: FailedJobFilter) -> Select[Any]:
    """Narrow a SELECT to failed jobs of which nothing is kept yet; the index leads to them."""
    c = jobs.c
    first = and_(
        failures.c.provider == c.provider, failures.c.jobgitid == c.gitid, failures.c.number == 1
    )
    return (
        query.select_from(jobs.outerjoin(failures, first))
        .where(c.repoid.in_(wanted.repoids), c.createtime >= wanted.since)
        .where(or_(c.endtime.is_(None), c.endtime <= wanted.until, c.endtime > wanted.ahead))
        .where(c.conclusion.in_(FAILED_JOB), c.inherited == false(), failures.c.Id.is_(None))
    )


def list_unread(connection: Connection, wanted: FailedJobFilter, most: int) -> list[FailedJob]:
    """Return at most `most` failed jobs without a reason, the latest first."""
    c = jobs.c
    columns = (c.provider, c.gitid, c.repoid, c.rungitid, c.attempt, c.name, c.failedstep)
    query = narrow_to_unread(select(*columns, c.endtime, c.steps), wanted)
    rows = connection.execute(query.order_by(c.createtime.desc(), c.gitid.desc()).limit(most))
    return [FailedJob(*row) for row in rows]


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
    *job, _ = failed._asdict().items()  # without its steps
    rows = [
        {**dict(job), "number": number, **finding._asdict()}
        for number, finding in enumerate(findings, start=1)
    ]
    its = (failures.c.provider == failed.provider, failures.c.jobgitid == failed.jobgitid)

    def work(connection: Connection) -> None:
        connection.execute(delete(failures).where(*its))
        connection.execute(insert(failures), rows)
        if failed.rungitid is not None:  # its night's roll-up shows the first line
            changed_runs.note_changes(connection, [(failed.provider, failed.rungitid)])

    transact(engine, work)
