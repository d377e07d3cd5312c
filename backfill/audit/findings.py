"""What is missing: records of runs and jobs in, findings out. Pure: nothing is asked or stored.

A finding says that something GitHub has is not here, or is here as it was earlier. A note explains
what looks like a gap and is none: a run deleted at GitHub, a job that GitHub itself never ended.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from backfill.records import MOST_ATTEMPTS, ListedJob, ListedRun, UnreadItem
from rows.counted import counted
from store.reads.for_audit import StoredSpan

RANKS = {"in_progress": 1, "completed": 2}

RUN, ATTEMPT, JOB, JOBS = "run", "attempt", "job", "jobs"
RUN_STATE, JOB_STATE, OPEN = "run state", "job state", "open"
GAP, LISTING = "run number", "listing"
BRANCH, HEAD, COMMIT = "branch", "head", "commit"
QUARANTINED, SPOOLED = "quarantined", "spooled"
UNREADABLE, COUNT, DELETED = "unreadable", "count", "deleted"

OF_RUNS = frozenset({RUN, ATTEMPT, JOB, JOBS, RUN_STATE, JOB_STATE, OPEN, UNREADABLE})
"""Kinds of findings whose `run`, where they have one, is not stored whole."""


class Finding(NamedTuple):
    """One thing: its kind, what names it at GitHub, and why it is thought to be missing."""

    kind: str
    name: str
    why: str = ""
    run: int | None = None
    workflow: str | None = None
    day: date | None = None


def is_of_run(finding: Finding) -> bool:
    """Tell whether a run is not stored whole for a finding."""
    return finding.kind in OF_RUNS and finding.run is not None


def rank(status: str | None) -> int:
    """Return how far a status is: waiting for a runner in any way, running, ended."""
    return RANKS.get(status or "", 0)


def finding_about(run: ListedRun, kind: str, name: object, why: str) -> Finding:
    """Return a finding of a run."""
    day = run.createtime.date() if run.createtime else None
    return Finding(kind, str(name), why, run.gitid, run.workflow, day)


def is_settled(time: datetime | None, until: datetime) -> bool:
    """Tell whether what changed at a time had to be here by `until`: later ones are on the way."""
    return time is None or time <= until


def find_unread(unread: Iterable[UnreadItem], runs: Iterable[ListedRun]) -> list[Finding]:
    """Return what is listed and cannot be read, or not to its end."""
    by_id, findings = {run.gitid: run for run in runs}, list[Finding]()
    for item in unread:
        number = int(item.name) if item.what == RUN and item.name.isdecimal() else item.run
        run = by_id.get(number or 0)
        day = run.createtime.date() if run and run.createtime else None
        kind, name = UNREADABLE, f"{item.what} {item.name}"
        if item.what == JOBS:
            kind, name = JOBS, item.name
        findings.append(Finding(kind, name, item.why, number, run.workflow if run else None, day))
    return findings


def find_missing_runs(
    listed: Iterable[ListedRun], stored: StoredSpan, until: datetime
) -> list[Finding]:
    """Return the runs and attempts that are listed and not stored, or are stored as they were."""
    missing: list[Finding] = []
    for run in listed:
        if not is_settled(run.createtime, until):
            continue
        ours = stored.runs.get(run.gitid)
        if ours is None:
            missing.append(
                finding_about(run, RUN, run.gitid, f"run number {run.number} is not stored")
            )
            continue
        missing += find_missing_attempts(run, stored.attempts.get(run.gitid, ()), until)
        if ours.attempt == run.attempt and is_behind(ours, run, until):
            why = f"is {format_state(run)} at GitHub, {format_state(ours)} here"
            missing.append(finding_about(run, RUN_STATE, run.gitid, why))
    return missing


def find_missing_attempts(
    run: ListedRun, stored: Collection[int], until: datetime
) -> list[Finding]:
    """Return the attempts up to the listed one that are not stored, of those that are read."""
    last = run.attempt if is_settled(run.updatetime, until) else run.attempt - 1
    return [
        finding_about(
            run,
            ATTEMPT,
            f"{run.gitid}/{number}",
            f"of {counted(run.attempt, 'attempt')}, not stored",
        )
        for number in range(max(0, run.attempt - MOST_ATTEMPTS) + 1, last + 1)
        if number not in stored
    ]


def is_behind(ours: ListedRun, listed: ListedRun, until: datetime) -> bool:
    """Tell whether a stored run is older than the listed one of the same attempt."""
    if listed.status is None or not is_settled(listed.updatetime, until):
        return False
    if ours.updatetime and listed.updatetime and ours.updatetime > listed.updatetime:
        return False
    if rank(ours.status) != rank(listed.status):
        same_time = ours.updatetime == listed.updatetime
        return rank(ours.status) < rank(listed.status) or not same_time
    return listed.conclusion is not None and ours.conclusion != listed.conclusion


def format_state(run: ListedRun) -> str:
    """Return a run's state in words."""
    return run.conclusion or run.status or "unknown"


def find_missing_jobs(
    run: ListedRun, listed: Sequence[ListedJob], stored: Mapping[int, ListedJob], until: datetime
) -> list[Finding]:
    """Return the jobs of a run that are listed and not stored, or are stored as they were."""
    missing = []
    for job in listed:
        ours = stored.get(job.gitid)
        if ours is None:
            if is_settled(job.createtime, until):
                why = f"of run {run.gitid}, attempt {job.attempt}, not stored"
                missing.append(finding_about(run, JOB, job.gitid, why))
        elif rank(ours.status) < rank(job.status) and is_settled(job.time, until):
            why = f"is {job.status} at GitHub, {ours.status} here"
            missing.append(finding_about(run, JOB_STATE, job.gitid, why))
    return missing
