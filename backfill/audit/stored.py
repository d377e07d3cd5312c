"""What the store has of a repository in a span of time, as an audit compares it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from backfill.audit.findings import (
    COMPLETED,
    JOBS,
    OPEN,
    QUARANTINED,
    SPOOLED,
    Finding,
    Held,
    about,
)
from backfill.records import ListedJob, ListedRun
from rows import Unmappable
from rows.source_record import Push
from rows.sources import source_of
from store.deliveries import bodies, received
from store.deliveries.spool import FILE, Spool
from store.reads import for_audit
from store.reads.for_audit import StoredJob, StoredRun
from store.state.backfill_progress import DONE, DUE, RunRead

# https://docs.github.com/actions/reference/limits, and a day for GitHub to say so
LONGEST_RUN = timedelta(days=36)
LONGEST_JOB = {"queued": timedelta(days=2), "in_progress": timedelta(days=6)}
ASKED_LATELY = timedelta(hours=12)
"""The reconciler asks for an open run every six hours at least."""
JOBLESS = frozenset({"action_required", "startup_failure", "cancelled"})
"""Conclusions of runs that may never have had a job."""
ONCE = 500


class Holdings(NamedTuple):
    """What is stored; `noted` are the runs GitHub listed to a backfill, `stubs` those unseen.

    `excused` are those that GitHub itself did not end, as far as anybody could find out.
    """

    held: Held
    stubs: list[ListedRun]
    noted: dict[int, RunRead]
    excused: set[int]
    open_jobs: dict[int, list[ListedJob]]
    with_jobs: set[tuple[int, int]]


def holdings_of(connection: Connection, repoid: int, since: datetime, until: datetime) -> Holdings:
    """Return the runs of a span with what belongs to them."""
    names = for_audit.read_workflow_names(connection, repoid)
    runs, unseen = dict[int, ListedRun](), dict[int, ListedRun]()
    for stored in for_audit.list_runs(connection, repoid, since, until):
        run = run_of(stored, names)
        (unseen if stored.is_stub or run.createtime is None else runs)[run.gitid] = run
    open_jobs: dict[int, list[ListedJob]] = defaultdict(list)
    for one in for_audit.list_open_jobs(connection, repoid, since, until):
        open_jobs[one.rungitid].append(job_of(one))
    return Holdings(
        Held(runs, for_audit.list_attempts(connection, repoid, since, until)),
        stubs_of(connection, repoid, unseen, since, until),
        for_audit.list_run_reads(connection, repoid, since, until),
        for_audit.list_open_at_source(connection, repoid, until - ASKED_LATELY),
        open_jobs,
        for_audit.list_attempts_with_jobs(connection, repoid, since, until),
    )


def stubs_of(
    connection: Connection,
    repoid: int,
    unseen: dict[int, ListedRun],
    since: datetime,
    until: datetime,
) -> list[ListedRun]:
    """Return the runs that only jobs told of: each is of the span that its first job is of."""
    first: dict[int, datetime] = {}
    for job in for_audit.list_jobs(connection, repoid, sorted(unseen)):
        if job.createtime is not None:
            first[job.rungitid] = min(job.createtime, first.get(job.rungitid, job.createtime))
    return [
        unseen[run]._replace(createtime=time)
        for run, time in sorted(first.items())
        if since <= time <= until
    ]


def jobs_of(
    connection: Connection, repoid: int, runs: Iterable[int]
) -> dict[int, dict[int, ListedJob]]:
    """Return the stored jobs of runs, by run and id."""
    found: dict[int, dict[int, ListedJob]] = defaultdict(dict)
    for job in for_audit.list_jobs(connection, repoid, sorted(runs)):
        found[job.rungitid][job.gitid] = job_of(job)
    return found


def job_of(stored: StoredJob) -> ListedJob:
    """Return a stored job."""
    return ListedJob(
        stored.gitid, stored.rungitid, stored.attempt or 1, stored.status, stored.createtime
    )


def run_of(stored: StoredRun, names: dict[int, str]) -> ListedRun:
    """Return a stored run."""
    named = names.get(stored.workflowgitid or 0) or stored.workflowname
    return ListedRun(
        stored.gitid,
        stored.attempt or 1,
        stored.status,
        stored.conclusion,
        stored.createtime,
        stored.updatetime,
        stored.runnumber,
        stored.workflowgitid,
        named,
    )


def listed_before(found: Holdings) -> list[ListedRun]:
    """Return the runs that GitHub has, as far as the store knows without asking it again."""
    runs = dict(found.held.runs)
    for gitid, noted in found.noted.items():
        here = runs.get(gitid)
        status = COMPLETED if noted.ended else None
        if here is None:
            told = (noted.attempt, status, None, noted.createtime, noted.updatetime)
            runs[gitid] = ListedRun(gitid, *told)
        elif noted.attempt >= here.attempt:
            runs[gitid] = here._replace(
                attempt=noted.attempt, status=status, conclusion=None, updatetime=noted.updatetime
            )
        else:
            runs[gitid] = here._replace(status=None)
    return list(runs.values())


def is_read(run: ListedRun, noted: RunRead | None) -> bool:
    """Tell whether a backfill noted that all of a run is stored, as GitHub lists it now."""
    if noted is None or noted.state != DONE or not noted.ended:
        return False
    return (noted.attempt, noted.updatetime) == (run.attempt, run.updatetime)


def jobless(found: Holdings) -> Iterator[Finding]:
    """Yield the completed runs without a job, unless it was read that they have none."""
    for run in found.held.runs.values():
        noted = found.noted.get(run.gitid)
        if noted is not None and noted.state == DUE:
            yield about(run, JOBS, run.gitid, "GitHub listed it, and its jobs were not read yet")
        elif run.status == COMPLETED and run.conclusion not in JOBLESS:
            is_read = noted and noted.state == DONE and noted.attempt >= run.attempt
            if (run.gitid, run.attempt) not in found.with_jobs and not is_read:
                why = f"completed, and no job of attempt {run.attempt} is stored"
                yield about(run, JOBS, run.gitid, why)


def too_long(found: Holdings, now: datetime) -> Iterator[Finding]:
    """Yield the runs and jobs that have been open for longer than GitHub lets them be."""
    for run in found.held.runs.values():
        if run.status != COMPLETED and run.createtime and run.createtime < now - LONGEST_RUN:
            yield about(run, OPEN, run.gitid, f"run is {run.status} since {run.createtime} UTC")
        for job in found.open_jobs.get(run.gitid, ()):
            limit = LONGEST_JOB.get(job.status or "", LONGEST_RUN)
            if job.createtime and job.createtime < now - limit:
                why = f"job {job.gitid} is {job.status} since {job.createtime} UTC"
                yield about(run, OPEN, f"{run.gitid}/{job.gitid}", why)


def quarantined(connection: Connection, names: set[str], since: datetime) -> list[Finding]:
    """Return the deliveries whose rows could not be made."""
    found = received.quarantined(connection, names, since)
    return [
        Finding(QUARANTINED, one.guid, f"{one.event}: {one.error}", day=one.receivetime.date())
        for one in found
    ]


def spooled(folder: Path | None, names: set[str]) -> list[Finding]:
    """Return the deliveries that wait on this machine for the database. Raises SpoolError."""
    if folder is None or not (folder / FILE).exists():
        return []
    spool, after, found = Spool(folder), 0, list[Finding]()
    try:
        while entries := spool.take(ONCE, after):
            after = entries[-1].number
            for entry in entries:
                one = entry.delivery
                if one.repo is None or one.repo.lower() in names:
                    day = one.receivetime.date()
                    found.append(Finding(SPOOLED, one.guid, f"{one.event}: in {folder}", day=day))
    finally:
        spool.close()
    return found


def pushes(connection: Connection, names: set[str], since: datetime) -> list[Push]:
    """Return the pushes to branches that were delivered, in the order they came."""
    delivered = []
    for delivery in received.pushes_of(connection, names, since):
        try:
            push = source_of(delivery.provider).push_of(bodies.payload(delivery.body))
        except Unmappable:
            continue
        if push is not None:
            delivered.append(push)
    return delivered
