"""What a `workflow_job` object says beside its times: its steps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rows import fields
from rows.github.job_times import AT
from rows.words import FAILED_JOB, IN_PROGRESS, SKIPPED


def read_steps(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps with one form of time: they come with offsets, jobs' times with Z."""
    at = f"{AT}.steps"
    return [
        {
            "number": fields.number(step, "number", at),
            "name": fields.text(step, "name", at),
            "status": fields.text(step, "status", at),
            "conclusion": fields.text(step, "conclusion", at),
            "starttime": clock(fields.moment(step, "started_at", at)),
            "endtime": clock(fields.moment(step, "completed_at", at)),
        }
        for step in fields.children(job, "steps", AT)
    ]


def first_start(steps: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return when the first step began that was not skipped."""
    times = [step["starttime"] for step in steps if step["conclusion"] != SKIPPED]
    first = min(filter(None, times), default=None)
    return None if first is None else datetime.fromisoformat(first)


def last_end(steps: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return when the last step ended."""
    last = max(filter(None, (step["endtime"] for step in steps)), default=None)
    return None if last is None else datetime.fromisoformat(last)


def failed_step(steps: Sequence[Mapping[str, Any]], conclusion: str | None) -> str | None:
    """Return the first step of an ended job that failed, else the one that never ended.

    The runner was lost in it, so that nobody told how it went: it has no conclusion, although it
    began. Steps after it never began.
    """
    failed = [step["name"] for step in steps if step["conclusion"] in FAILED_JOB]
    lost = [
        step["name"]
        for step in steps
        if conclusion in (*FAILED_JOB, "cancelled")
        and step["conclusion"] is None
        and (step["status"] == IN_PROGRESS or step["starttime"])
    ]
    return next(iter([*failed, *lost]), None)


def clock(time: datetime | None) -> str | None:
    """Return a time as a database writes it."""
    return None if time is None else time.isoformat(" ", "microseconds")
