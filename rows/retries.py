"""Stored jobs of a run inside of which jobs are tried again -> what follows from them.

A job that is tried again is a new one of the same name, with a greater id: the last one counts.
How long such a run took is how long any job that counts was running, as its server says, too.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
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
    gated: bool = False


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
    is_gated = all(job.gated for job in jobs if job.starttime == start)  # a person's time
    queued = None if is_gated else seconds(attempt.createtime, start)
    return Timing(
        starttime=start,
        endtime=end,
        queuetime=None if queued is None else int(queued),
        runtime=running_seconds(latest) if has_ended else None,
        os=systems(job.os for job in jobs if job.starttime),
        warned=is_warned(attempt, jobs, tries) or None,
    )


def running_seconds(jobs: Iterable[InnerJob]) -> float | None:
    """Return for how many seconds one of the jobs was running; None where none was."""
    periods = sorted(filter(None, map(period_of, jobs)))
    if not periods:
        return None
    total, reached = 0.0, periods[0][0]
    for start, end in periods:
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(total, 3)


def period_of(job: InnerJob) -> tuple[float, float] | None:
    """Return from when to when a job was running, None if it never was.

    Times are whole seconds, spans are not. Both times and the span leave a part of a second for the
    start, of which the middle is taken: so gaps between many jobs add up to no error.
    """
    if job.starttime is None or job.endtime is None:
        return None
    start, end = (time.replace(tzinfo=UTC).timestamp() for time in (job.starttime, job.endtime))
    if job.runtime is None:
        return start, max(start, end)
    early = end - job.runtime - start
    begin = start + (early + 1) / 2 if -1 < early < 1 else start
    return begin, begin + job.runtime


def is_warned(attempt: Attempt, jobs: Iterable[InnerJob], tries: dict[int, Try]) -> bool:
    """Tell whether a run passed with warnings: a job failed that may, or was tried again.

    Its server knows of jobs, too, that it lists with no others.
    """
    if attempt.conclusion != SUCCESS:
        return False
    return bool(attempt.haswarnings) or any(
        job.conclusion in FAILED_JOB
        if tries[job.gitid].superseded
        else bool(job.allowfailure) and job.conclusion in (*FAILED_JOB, "cancelled")
        for job in jobs
    )
