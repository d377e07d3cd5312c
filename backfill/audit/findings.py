"""What is missing: records of runs and jobs in, findings out. Pure: nothing is asked or stored.

A finding says that something GitHub has is not here, or is here as it was earlier. A note explains
what looks like a gap and is none: a run deleted at GitHub, a job that GitHub itself never ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from backfill.records import BrokenList, ListedJob, ListedRun

RANKS = {"in_progress": 1, "completed": 2}
COMPLETED = "completed"

RUN, ATTEMPT, JOB, JOBS = "run", "attempt", "job", "jobs"
RUN_STATE, JOB_STATE, OPEN = "run state", "job state", "open"
GAP, LISTING = "run number", "listing"
BRANCH, HEAD, COMMIT = "branch", "head", "commit"
QUARANTINED, SPOOLED = "quarantined", "spooled"

OF_RUNS = frozenset({RUN, ATTEMPT, JOB, JOBS, RUN_STATE, JOB_STATE, OPEN})
"""Kinds of findings whose `run` is not stored whole."""


class Finding(NamedTuple):
    """One thing: its kind, what names it at GitHub, and why it is thought to be missing."""

    kind: str
    name: str
    why: str = ""
    run: int | None = None
    workflow: str | None = None
    day: date | None = None


class Held(NamedTuple):
    """What is stored of the runs in a span, and the numbers of their attempts; stubs are not."""

    runs: Mapping[int, ListedRun]
    attempts: Mapping[int, Collection[int]]


def rank(status: str | None) -> int:
    """Return how far a status is: waiting for a runner in any way, running, ended."""
    return RANKS.get(status or "", 0)


def about(run: ListedRun, kind: str, name: object, why: str) -> Finding:
    """Return a finding of a run."""
    day = run.createtime.date() if run.createtime else None
    return Finding(kind, str(name), why, run.gitid, run.workflow, day)


def is_settled(time: datetime | None, until: datetime) -> bool:
    """Tell whether what changed at a time had to be here by `until`: later ones are on the way."""
    return time is None or time <= until


def of_lists(broken: Iterable[BrokenList], vendor: str) -> list[Finding]:
    """Return what could not be listed whole; `vendor` as people write it."""
    return [
        Finding(
            LISTING,
            f"{one.first} to {one.last} UTC",
            f"{vendor} counts {one.counted} runs, but lists {one.listed}",
        )
        for one in broken
    ]


def of_runs(listed: Iterable[ListedRun], held: Held, until: datetime) -> list[Finding]:
    """Return the runs and attempts that are listed and not stored, or are stored as they were."""
    found: list[Finding] = []
    for run in listed:
        here = held.runs.get(run.gitid)
        if not is_settled(run.createtime, until):
            continue
        if here is None:
            found.append(about(run, RUN, run.gitid, f"run number {run.number} is not stored"))
            continue
        found += attempts_missing(run, held.attempts.get(run.gitid, ()), until)
        if here.attempt == run.attempt and is_behind(here, run, until):
            why = f"is {shown(run)} at GitHub, {shown(here)} here"
            found.append(about(run, RUN_STATE, run.gitid, why))
    return found


def attempts_missing(run: ListedRun, stored: Collection[int], until: datetime) -> list[Finding]:
    """Return the attempts up to the listed one that are not stored."""
    last = run.attempt if is_settled(run.updatetime, until) else run.attempt - 1
    return [
        about(run, ATTEMPT, f"{run.gitid}/{number}", f"of {run.attempt} attempts, not stored")
        for number in range(1, last + 1)
        if number not in stored
    ]


def is_behind(here: ListedRun, listed: ListedRun, until: datetime) -> bool:
    """Tell whether a stored run is older than the listed one of the same attempt."""
    if listed.status is None or not is_settled(listed.updatetime, until):
        return False
    if here.updatetime and listed.updatetime and here.updatetime > listed.updatetime:
        return False
    if rank(here.status) != rank(listed.status):
        same_time = here.updatetime == listed.updatetime
        return rank(here.status) < rank(listed.status) or not same_time
    return listed.conclusion is not None and here.conclusion != listed.conclusion


def shown(run: ListedRun) -> str:
    """Return a run's state in words."""
    return run.conclusion or run.status or "unknown"


def of_jobs(
    run: ListedRun, listed: Sequence[ListedJob], stored: Mapping[int, ListedJob], until: datetime
) -> list[Finding]:
    """Return the jobs of a run that are listed and not stored, or are stored as they were."""
    found = []
    for job in listed:
        here = stored.get(job.gitid)
        if here is None:
            if is_settled(job.createtime, until):
                why = f"of run {run.gitid}, attempt {job.attempt}, not stored"
                found.append(about(run, JOB, job.gitid, why))
        elif rank(here.status) < rank(job.status) and is_settled(job.time, until):
            why = f"is {job.status} at GitHub, {here.status} here"
            found.append(about(run, JOB_STATE, job.gitid, why))
    return found


def whole(listed: Iterable[ListedRun], found: Iterable[Finding]) -> int:
    """Return how many of the listed runs are stored with all that belongs to them."""
    broken = {one.run for one in found if one.kind in OF_RUNS}
    return sum(1 for run in listed if run.gitid not in broken)
