"""`workflow_job` objects -> jobs, and the stubs of their run and attempt.

https://docs.github.com/rest/actions/workflow-jobs
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rows import Row, fields, version
from rows.github.repo import Repository
from rows.words import FAILED_JOB

AT = "workflow_job"
SYSTEMS = {
    "Linux": set(
        "linux ubuntu debian fedora rhel centos alpine amazonlinux rockylinux archlinux".split()
    ),
    "Windows": {"windows", "win"},
    "macOS": {"macos", "mac", "osx", "darwin"},
}
ENDED_UNSTARTED = {"cancelled", "skipped"}


def job_rows(job: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return a job's row and the stubs of its run and attempt; nothing for what is no job."""
    if is_foreign(job):
        return []
    run = fields.needed(fields.number(job, "run_id", AT), AT, "run_id")
    attempt = fields.number(job, "run_attempt", AT, fields.BIGGEST_INT) or 1
    row = job_row(job, repo.provider, run, attempt)
    shared = {name: row.values[name] for name in ("workflowname", "branchname", "commithash")}
    stub = {"provider": repo.provider, "version": version.STUB}
    return [
        Row("workflowruns", {**stub, "gitid": run, **shared}),
        Row("runattempts", {**stub, "rungitid": run, "attempt": attempt}),
        row,
    ]


def job_row(job: Mapping[str, Any], provider: str, run: int, attempt: int) -> Row:
    """Return a job's row; spans in seconds, times in UTC."""
    status = fields.text(job, "status", AT)
    completed = status == "completed"
    created = fields.moment(job, "created_at", AT)
    started = fields.moment(job, "started_at", AT)
    ended = fields.moment(job, "completed_at", AT) if completed else None
    inherited = is_inherited(job, attempt, created, started)
    # Before a runner has it, `started_at` is a placeholder equal to `created_at`.
    start = started if completed or status == "in_progress" else None
    if completed and is_unstarted(job, inherited):
        start = None
    queued = None if inherited else span(created, start)
    ran = span(start, ended)
    steps = read_steps(job) if completed else []
    state = {
        "status": status,
        "conclusion": fields.text(job, "conclusion", AT),
        "starttime": start,
        "endtime": ended,
        "queuetime": None if queued is None or queued < 0 else int(queued),
        "runtime": None if ran is None or ran < 0 else ran,
        "clockanomaly": any(seconds is not None and seconds < 0 for seconds in (queued, ran)),
        "failedstep": next((one["name"] for one in steps if one["conclusion"] in FAILED_JOB), None),
        "steps": json.dumps(steps, ensure_ascii=False) if completed else None,
    }
    labels = fields.texts(job, "labels", AT)
    fixed = {
        "name": fields.text(job, "name", AT),
        "createtime": created,
        "os": systems(labels),
        "labels": json.dumps(labels, ensure_ascii=False) if labels else None,
        "runnername": fields.text(job, "runner_name", AT) or None,
        "runnergroup": fields.text(job, "runner_group_name", AT) or None,
        "url": fields.text(job, "html_url", AT),
        "workflowname": fields.text(job, "workflow_name", AT) or None,
        "branchname": fields.text(job, "head_branch", AT),
        "commithash": fields.sha(job, "head_sha", AT),
    }
    return Row(
        "jobs",
        {
            "provider": provider,
            "gitid": fields.needed(fields.number(job, "id", AT), AT, "id"),
            "rungitid": run,
            "attempt": attempt,
            **state,
            **fixed,
            "inherited": inherited,
            "gated": status == "waiting",
            "version": version.job(status, (created, started, ended), state.values()),
        },
    )


def is_foreign(job: Mapping[str, Any]) -> bool:
    """Tell a third-party check run that is sent as a completed job: nothing ever ran it.

    Cancelled and skipped jobs look alike and are jobs
    (https://github.com/actions/actions-runner-controller/pull/2520).
    """
    return (
        job.get("status") == "completed"
        and fields.text(job, "conclusion", AT) not in ENDED_UNSTARTED
        and not (fields.texts(job, "labels", AT) or has_run(job))
    )


def is_unstarted(job: Mapping[str, Any], inherited: bool) -> bool:
    """Tell a job that ended before a runner took it: its `started_at` is a placeholder.

    A copy never had a runner of its own; it started if what it copies did.
    """
    return job.get("conclusion") == "skipped" or not (inherited or has_run(job))


def is_inherited(
    job: Mapping[str, Any], attempt: int, created: datetime | None, started: datetime | None
) -> bool:
    """Tell a copy that a re-run of failed jobs lists again, under a new id with old times."""
    if attempt == 1 or job.get("status") != "completed" or has_runner(job):
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


def span(begin: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two times; None when one is unknown."""
    return None if begin is None or end is None else (end - begin).total_seconds()


def systems(labels: list[str]) -> str | None:
    """Return the operating systems that the labels name, without versions."""
    words = {word for label in labels for word in re.findall("[a-z]+", label.lower())}
    return ",".join(name for name, known in SYSTEMS.items() if known & words) or None


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


def clock(time: datetime | None) -> str | None:
    """Return a time as a database writes it."""
    return None if time is None else time.isoformat(" ", "microseconds")
