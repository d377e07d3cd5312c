"""Tell apart `workflow_job` objects that look alike: foreign checks, copies, what never ran."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rows import fields
from rows.words import COMPLETED, IN_PROGRESS, SKIPPED

AT = "workflow_job"
ENDED_UNSTARTED = {"cancelled", SKIPPED}


def is_foreign(job: Mapping[str, Any]) -> bool:
    """Tell a third-party check run that is sent as a completed job: nothing ever ran it.

    Cancelled and skipped jobs look alike and are jobs
    (https://github.com/actions/actions-runner-controller/pull/2520).
    """
    return (
        job.get("status") == COMPLETED
        and fields.text(job, "conclusion", AT) not in ENDED_UNSTARTED
        and not (fields.texts(job, "labels", AT) or has_run(job))
    )


def is_unstarted(job: Mapping[str, Any], inherited: bool) -> bool:
    """Tell a job that no runner took, or none yet: `started_at` is a placeholder, `created_at`.

    A copy never had a runner of its own; it started if what it copies did.
    """
    if job.get("status") != COMPLETED:
        return job.get("status") != IN_PROGRESS
    return job.get("conclusion") == SKIPPED or not (inherited or has_run(job))


def is_inherited(
    job: Mapping[str, Any], attempt: int, created: datetime | None, started: datetime | None
) -> bool:
    """Tell a copy that a re-run of failed jobs lists again, under a new id with old times."""
    if attempt == 1 or job.get("status") != COMPLETED or has_runner(job):
        return False
    if created is None or started is None:
        return False
    return started < created


def has_run(job: Mapping[str, Any]) -> bool:
    """Tell whether anything shows that the job was run."""
    return has_runner(job) or bool(fields.children(job, "steps", AT))


def has_runner(job: Mapping[str, Any]) -> bool:
    """Tell whether a runner took the job."""
    return bool(fields.number(job, "runner_id", AT) or fields.text(job, "runner_name", AT))
