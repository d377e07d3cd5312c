"""What changed since failed jobs were well, said once for jobs of which the same is to be said."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from rows.words import FAILED_JOB
from store.changes import job_changes
from store.changes.job_changes import JobChanges
from store.reads.runs import Job

COMMITS = 25
MOST = 8
"""Failed jobs of a page that are looked into."""


class ShownChanges(NamedTuple):
    """What changed, and the names of the jobs before which it did."""

    jobs: tuple[str, ...]
    changes: JobChanges


class CalledJob(NamedTuple):
    """A failed job, and what to call it."""

    provider: str
    gitid: int
    name: str


def list_job_changes(connection: Connection, jobs: Iterable[Job]) -> list[ShownChanges]:
    """Return what changed before each failed one of some jobs, the first MOST of them."""
    failed = [job for job in jobs if job.conclusion in FAILED_JOB and not job.inherited]
    called = [CalledJob(job.provider, job.gitid, job.name or "?") for job in failed[:MOST]]
    return list_changes_before(connection, called)


def list_changes_before(connection: Connection, jobs: Iterable[CalledJob]) -> list[ShownChanges]:
    """Return what changed before each of some failed jobs."""
    alike: dict[object, ShownChanges] = {}
    for job in jobs:
        changes = job_changes.find_changes(connection, job.provider, job.gitid, COMMITS)
        if changes is None:
            continue
        good, bad, absences, versions, _ = changes
        key = (good.rungitid, bad.rungitid, absences, versions.changed)
        known = alike.get(key, ShownChanges((), changes))
        alike[key] = known._replace(jobs=tuple(dict.fromkeys((*known.jobs, job.name))))
    return list(alike.values())
