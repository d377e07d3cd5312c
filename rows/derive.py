"""Stored attempts and jobs of a run -> the columns that follow from them.

Jobs and runs arrive in any order, so nothing here is computed from a delivery: whatever is
stored is read again, and the same rows always give the same answer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from rows.words import ABANDONED, COMPLETED, SKIPPED, SUCCESS

WAITING = {"requested", "queued", "pending", "waiting"}
ENDED_UNSTARTED = {"cancelled", SKIPPED, "startup_failure", "action_required", "stale"}
"""How a run may end without a job that was started."""


class Attempt(NamedTuple):
    """A stored attempt; `known` is False while only its jobs have been seen."""

    attempt: int
    known: bool
    status: str | None
    conclusion: str | None
    createtime: datetime | None
    updatetime: datetime | None
    triggeredby: str | None
    finishtime: datetime | None = None
    haswarnings: bool | None = None


class Job(NamedTuple):
    """What a stored job tells about its attempt."""

    attempt: int
    starttime: datetime | None
    endtime: datetime | None
    os: str | None
    inherited: bool
    is_open: bool = False
    """Whether it, or one of those that it stands for, has not ended."""
    has_failed: bool = False
    """Whether it, or one of those, failed."""


class Timing(NamedTuple):
    """When an attempt ran: times in UTC, spans in seconds, systems in one text.

    `warned` is True of one that passed although a job failed, else None.
    """

    starttime: datetime | None
    endtime: datetime | None
    queuetime: int | None
    runtime: float | None
    os: str | None
    warned: bool | None = None


def seconds(begin: datetime | None, end: datetime | None) -> float | None:
    """Return the span between two times; None when one is unknown or they are reversed."""
    if begin is None or end is None or end < begin:
        return None
    return (end - begin).total_seconds()


def timing(attempt: Attempt, jobs: Iterable[Job]) -> Timing:
    """Return when an attempt ran, from its own jobs.

    Inherited jobs ran in an earlier attempt. Without a started job the attempt's own start is all
    that is known, unless it never started; its wait and system are not known: None, never 0.
    """
    own = [job for job in jobs if job.attempt == attempt.attempt and not job.inherited]
    starts = [job.starttime for job in own if job.starttime]
    ends = [job.endtime for job in own if job.endtime]
    start = min(starts, default=None if is_unstarted(attempt, own) else attempt.createtime)
    end = None
    if attempt.status == COMPLETED and attempt.conclusion != ABANDONED:
        end = max(ends, default=attempt.updatetime)
    queued = seconds(attempt.createtime, start) if starts else None
    return Timing(
        starttime=start,
        endtime=end,
        queuetime=None if queued is None else int(queued),
        runtime=seconds(start, end),
        os=systems(job.os for job in own if job.starttime),
        warned=is_warned(attempt, own) or None,
    )


def is_unstarted(attempt: Attempt, jobs: Sequence[Job]) -> bool:
    """Tell an attempt, none of whose jobs was started, that has not started or never will.

    Of one that ran its jobs may be unknown; where it ended without running, it says so itself.
    """
    if attempt.status in WAITING:
        return True
    if attempt.conclusion == ABANDONED:
        return bool(jobs)
    if attempt.status != COMPLETED or any(job.is_open for job in jobs):
        return False
    return bool(jobs) or attempt.conclusion in ENDED_UNSTARTED


def is_warned(attempt: Attempt, jobs: Iterable[Job]) -> bool:
    """Tell whether an attempt passed although a job of its own failed."""
    return attempt.conclusion == SUCCESS and any(job.has_failed for job in jobs)


def systems(texts: Iterable[str | None]) -> str | None:
    """Return the distinct systems, sorted: `Linux,Windows`."""
    return ",".join(sorted({one for text in texts if text for one in text.split(",")})) or None


def highest(attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the attempt a run mirrors: the highest that is more than a stub."""
    return max(
        (one for one in attempts if one.known), default=None, key=lambda attempt: attempt.attempt
    )
