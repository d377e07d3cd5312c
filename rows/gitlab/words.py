"""What GitLab calls the states of pipelines and jobs -> the words that rows hold.

https://docs.gitlab.com/ci/jobs/#available-job-statuses
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rows import fields
from rows.words import COMPLETED, IN_PROGRESS, SKIPPED, SUCCESS

SUCCESSFUL, FAILED, CANCELED = "success", "failed", "canceled"
ENDED = (SUCCESSFUL, FAILED, CANCELED)
"""A pipeline has its end set with these alone; a job with one of them never goes on."""
RUNNING = ("running", "canceling")
TIMED_OUT = "job_execution_timeout"
SAID_BY_THE_LOG = frozenset({"script_failure", "unknown_failure"})
"""Reasons that say no more than that the script failed."""
RUNNERS, STUCK = "runner_", "stuck_"
"""What begins reasons that lie with the runner, or with there being none."""
INFRASTRUCTURE = frozenset(
    "api_failure ci_quota_exceeded data_integrity_failure image_pull_failure no_matching_runner"
    " scheduler_failure stale_schedule".split()
)
"""The other reasons that lie with GitLab or what it runs on.

https://docs.gitlab.com/ci/debugging/ and app/models/concerns/enums/ci/commit_status.rb
"""
GATES = ("manual", "scheduled")


class State(NamedTuple):
    """A status and a conclusion, in the words of rows."""

    status: str | None
    conclusion: str | None


STATES = {
    "created": State("requested", None),
    "waiting_for_resource": State("pending", None),
    "preparing": State("pending", None),
    "waiting_for_callback": State("pending", None),
    "pending": State("queued", None),
    "running": State(IN_PROGRESS, None),
    "canceling": State(IN_PROGRESS, None),
    "manual": State("waiting", None),
    "scheduled": State("waiting", None),
    "success": State(COMPLETED, SUCCESS),
    "failed": State(COMPLETED, "failure"),
    "canceled": State(COMPLETED, "cancelled"),
    "skipped": State(COMPLETED, SKIPPED),
}

PIPELINE_RANK = {
    word: rank
    for rank, words in enumerate(
        (
            ("created",),
            ("waiting_for_resource", "waiting_for_callback"),
            ("preparing",),
            ("pending",),
            ("running",),
            GATES,
            ("canceling",),
            ("skipped",),
            ENDED,
        )
    )
    for word in words
}
"""Within one second, what comes after what."""
JOB_RANK = {
    "created": 0,
    "skipped": 6,
    "scheduled": 7,
    "manual": 8,
    "waiting_for_resource": 9,
    "waiting_for_callback": 9,
    "preparing": 10,
    "pending": 11,
}
"""The same of a job that has not been started: one that was skipped goes on when what it follows is
tried again. What is stored by earlier releases has smaller numbers.
"""


def read_status(source: Mapping[str, Any], key: str, at: str) -> str | None:
    """Return a status in GitLab's word; one that is not known is noted, and unknown."""
    status = fields.text(source, key, at, fields.WORD)
    if status is not None and status not in STATES:
        fields.refuse(at, key, "a status", status)
        return None
    return status


def is_infrastructure(reason: str) -> bool:
    """Tell whether a job failed of what it ran on, and not of what it did."""
    return reason.startswith((RUNNERS, STUCK)) or reason in INFRASTRUCTURE


def describe_reason(reason: str | None) -> str | None:
    """Return why a job failed in words; None where its log must say that."""
    if not reason or reason in SAID_BY_THE_LOG:
        return None
    kind = " (infrastructure)" if is_infrastructure(reason) else ""
    return f"GitLab says: {reason.replace('_', ' ')}{kind}"


def state_of(status: str | None, reason: str | None = None) -> State:
    """Return what a status is called in rows; `reason` says why a job failed."""
    state = State(None, None) if status is None else STATES[status]
    return state._replace(conclusion="timed_out") if reason == TIMED_OUT else state
