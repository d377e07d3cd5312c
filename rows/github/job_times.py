"""When a `workflow_job` was created, taken by a runner and ended, and the spans between.

Some look alike, and are told apart: foreign checks, copies, what never ran.
"""

import re
from datetime import datetime
from typing import NamedTuple

from rows import fields, version
from rows.source_record import Payload
from rows.words import COMPLETED, FAILED, IN_PROGRESS, SKIPPED

AT = "workflow_job"
ENDED_UNSTARTED = {"cancelled", SKIPPED}
JOB_PAGE = re.compile(r"/actions/runs/[0-9]+/jobs?/[0-9]+")
LATE = 60.0
"""Seconds from `started_at` to the first step: more than a runner takes to begin."""


class JobTimes(NamedTuple):
    """When a job was created, taken by a runner and ended, in UTC; `stamps` are these as sent.

    Of `stamps`, only those of a clock that is believed.
    Spans are in seconds, and negative where clocks disagree.
    """

    created: datetime | None
    started: datetime | None
    ended: datetime | None
    stamps: tuple[datetime | None, ...]
    inherited: bool
    queuetime: float | None
    runtime: float | None
    is_late: bool


def job_times(
    job: Payload,
    attempt: int,
    first: datetime | None,
    received: datetime | None = None,
    last: datetime | None = None,
) -> JobTimes:
    """Return a job's times, given when its steps began and ended and when it was received.

    Its queue time is from its creation until a runner took it. `started_at` of some jobs stays the
    time of queueing when they run: the first step counts where it began a minute later. Without
    one, a job that seems to have started when it was created may have waited, nobody knows how
    long. https://github.com/actions/actions-runner-controller/issues/3346

    Steps have the runner's own clock: it is ahead where they ended a minute after their job.
    """
    status = fields.text(job, "status", AT)
    created = fields.moment(job, "created_at", AT)
    started = fields.moment(job, "started_at", AT)
    ended = fields.moment(job, "completed_at", AT) if status == COMPLETED else None
    stamps = tuple(version.believed(time, received) for time in (created, started, ended))
    inherited = is_inherited(job, attempt, created, started, ended)
    if is_unstarted(job, inherited):
        started = None
    is_ahead = (seconds(ended, last) or 0) >= LATE
    is_late = (seconds(started, first) or 0) >= LATE and (seconds(first, ended) or 0) >= 0
    is_late = is_late and not is_ahead
    if is_late:
        started = first
    is_known = not inherited and (first is not None or started != created)
    queuetime = seconds(created, started) if is_known else None
    runtime = seconds(started, ended)
    return JobTimes(created, started, ended, stamps, inherited, queuetime, runtime, is_late)


def seconds(begin: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two times; None when one is unknown."""
    return None if begin is None or end is None else (end - begin).total_seconds()


def is_foreign(job: Payload) -> bool:
    """Tell a third-party check run that is sent as a completed job: nothing ever ran it.

    Cancelled and skipped jobs look alike and are jobs
    (https://github.com/actions/actions-runner-controller/pull/2520). So is one that failed and has
    its page under its run: it was refused, for a bill or a budget. Only its annotation tells why.
    """
    # What stands there and cannot be read is not missing.
    is_filled = any(job.get(name) for name in ("labels", "steps", "runner_id", "runner_name"))
    if job.get("status") != COMPLETED or is_filled or has_run(job):
        return False
    conclusion = fields.text(job, "conclusion", AT)
    is_refused = conclusion in FAILED and JOB_PAGE.search(fields.text(job, "html_url", AT) or "")
    return not (is_refused or conclusion in ENDED_UNSTARTED)


def is_unstarted(job: Payload, inherited: bool) -> bool:
    """Tell a job that no runner took, or none yet: `started_at` is a placeholder, `created_at`.

    A copy never had a runner of its own; it started if what it copies did.
    """
    if job.get("status") != COMPLETED:
        return job.get("status") != IN_PROGRESS
    return job.get("conclusion") == SKIPPED or not (inherited or has_run(job))


def is_inherited(
    job: Payload,
    attempt: int,
    created: datetime | None,
    started: datetime | None,
    ended: datetime | None,
) -> bool:
    """Tell a copy that a re-run of failed jobs lists again, under a new id with old times.

    It has no runner; or one that was done before the job was made, which no two clocks explain.
    """
    if attempt == 1 or job.get("status") != COMPLETED or created is None or started is None:
        return False
    if has_runner(job):
        return ended is not None and started <= ended < created
    return started < created


def has_run(job: Payload) -> bool:
    """Tell whether anything shows that the job was run."""
    return has_runner(job) or bool(fields.children(job, "steps", AT))


def has_runner(job: Payload) -> bool:
    """Tell whether a runner took the job."""
    return bool(fields.number(job, "runner_id", AT) or fields.text(job, "runner_name", AT))
