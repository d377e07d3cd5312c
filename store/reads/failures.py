"""Named SELECTs for what failed jobs say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from engines.chunks import by_scope
from rows.words import FAILED, RunKey
from schema.tables.ci import repos
from schema.tables.failures import failures
from store.failed_jobs import find_own
from store.reads.runs import Job

OTHERS = 200
"""Failures with one fingerprint that are looked at for their repositories."""


class FailureReason(NamedTuple):
    """What a failed job says, or why that cannot be had (`absence`)."""

    provider: str
    jobgitid: int
    number: int
    rungitid: int
    source: str
    absence: str | None
    message: str | None
    context: str | None
    fingerprint: str | None
    path: str | None
    line: int | None
    time: datetime | None


def read_reasons(
    connection: Connection, runs: Iterable[RunKey]
) -> dict[RunKey, list[FailureReason]]:
    """Return what the failed jobs of runs say, by the job's server and id."""
    failure = failures.c
    reasons: dict[RunKey, list[FailureReason]] = defaultdict(list)
    for provider, numbers in by_scope(runs):
        query = select(*(failure[name] for name in FailureReason._fields)).where(
            failure.provider == provider, failure.rungitid.in_(numbers)
        )
        for row in connection.execute(query.order_by(failure.jobgitid, failure.number)):
            reasons[row.provider, row.jobgitid].append(FailureReason(*row))
    return reasons


def with_copies(
    reasons: Mapping[RunKey, list[FailureReason]], jobs: Iterable[Job]
) -> dict[RunKey, list[FailureReason]]:
    """Return reasons, also of jobs that a re-run only lists again: those of the job itself."""
    by_run: dict[RunKey, list[Job]] = defaultdict(list)
    for job in jobs:
        by_run[job.provider, job.rungitid].append(job)
    copies = [job for of_run in by_run.values() for job in of_run if job.inherited]
    owns = {
        (job.provider, job.gitid): find_own(job, by_run[job.provider, job.rungitid])
        for job in copies
        if job.conclusion in FAILED
    }
    of_copies = {key: reasons.get((own.provider, own.gitid), []) for key, own in owns.items()}
    return {**of_copies, **reasons}


def list_repos_with(connection: Connection, fingerprint: str) -> dict[int, str]:
    """Return the repositories in which an error was seen lately: repos.Id and name."""
    failure = failures.c
    lately = (
        select(failure.repoid)
        .where(failure.fingerprint == fingerprint)
        .order_by(failure.Id.desc())
        .limit(OTHERS)
        .subquery("lately")
    )
    names = select(repos.c.Id, repos.c.name).join(lately, lately.c.repoid == repos.c.Id).distinct()
    rows = connection.execute(names.where(repos.c.name.is_not(None)))
    return {repoid: name for repoid, name in rows}


def has_been_seen(connection: Connection, fingerprint: str, moment: datetime) -> bool:
    """Tell whether a failure with this fingerprint ended before a time, anywhere in the store.

    True as well where that cannot be told: others of its time are of another revision.
    """
    failure = failures.c
    query = select(failure.Id).where(failure.fingerprint == fingerprint, failure.time < moment)
    # In the order of the fingerprint's index: most often the first row settles it.
    if connection.execute(query.order_by(failure.Id).limit(1)).first() is not None:
        return True
    return has_other_revisions(connection, fingerprint)


def has_other_revisions(connection: Connection, fingerprint: str) -> bool:
    """Tell whether messages are kept whose fingerprints cannot be compared with this one."""
    column, revision = failures.c.fingerprint, fingerprint.partition(":")[0]
    # Each by itself is one step in the fingerprint's index.
    for is_other in (column < f"{revision}:", column >= f"{revision};"):
        if connection.execute(select(failures.c.Id).where(is_other).limit(1)).first():
            return True
    return False
