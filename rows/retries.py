"""Stored jobs of a run inside of which jobs are tried again -> what follows from them.

A job that is tried again is a new one of the same name, with a greater id: the last one counts.
How long such a run took is how long any job that counts was running, as its server says, too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rows.derive import Attempt, Timing, seconds, systems
from rows.words import COMPLETED, FAILED_JOB, SUCCESS


class InnerJob(NamedTuple):
    """A stored job of such a run; `runtime` in seconds."""

    gitid: int
    name: str | None
    starttime: datetime | None
    endtime: datetime | None
    runtime: float | None
    os: str | None
    conclusion: str | None
    allowfailure: bool | None = None


class Try(NamedTuple):
    """Which try of a job one is, from 1, and whether a later one counts in its place."""

    tryno: int
    superseded: bool


def number_tries(jobs: Iterable[InnerJob]) -> dict[int, Try]:
    """Return the tries by the jobs' ids."""
    by_name: dict[object, list[int]] = {}
    for job in jobs:
        by_name.setdefault(job.gitid if job.name is None else job.name, []).append(job.gitid)
    return {
        gitid: Try(number, number < len(gitids))
        for gitids in map(sorted, by_name.values())
        for number, gitid in enumerate(gitids, start=1)
    }


def timing(attempt: Attempt, jobs: Sequence[InnerJob]) -> Timing:
    """Return when a run was running; one with an end of its own ended then."""
    tries = number_tries(jobs)
    latest = [job for job in jobs if not tries[job.gitid].superseded]
    start = min((job.starttime for job in jobs if job.starttime), default=None)
    has_ended = attempt.status == COMPLETED
    ends = [job.endtime for job in jobs if job.endtime]
    end = attempt.finishtime or max(ends, default=attempt.updatetime) if has_ended else None
    queued = seconds(attempt.createtime, start)
    return Timing(
        starttime=start,
        endtime=end,
        queuetime=None if queued is None else int(queued),
        runtime=running_seconds(latest) if has_ended else None,
        os=systems(job.os for job in jobs if job.starttime),
        warned=is_warned(attempt, jobs, tries) or None,
    )


def running_seconds(jobs: Iterable[InnerJob]) -> float | None:
    """Return for how many seconds one of the jobs was running; None where none was.

    Times are whole seconds, spans are not: a job ends its span after it began.
    """
    periods = sorted(
        (job.starttime, end_of(job.starttime, job)) for job in jobs if job.starttime and job.endtime
    )
    if not periods:
        return None
    total, (begin, end) = 0.0, periods[0]
    for start, stop in periods[1:]:
        if start > end:
            total += (end - begin).total_seconds()
            begin, end = start, stop
        end = max(end, stop)
    return round(total + (end - begin).total_seconds(), 3)


def end_of(start: datetime, job: InnerJob) -> datetime:
    """Return when a job that was started at `start` ended, as exactly as is known."""
    if job.runtime is not None:
        return start + timedelta(seconds=job.runtime)
    return max(start, job.endtime or start)


def is_warned(attempt: Attempt, jobs: Iterable[InnerJob], tries: dict[int, Try]) -> bool:
    """Tell whether a run passed with warnings: a job failed that may, or was tried again."""
    if attempt.conclusion != SUCCESS:
        return False
    return any(
        job.conclusion in FAILED_JOB
        if tries[job.gitid].superseded
        else bool(job.allowfailure) and job.conclusion in (*FAILED_JOB, "cancelled")
        for job in jobs
    )
