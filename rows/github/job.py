"""`workflow_job` objects -> jobs, and the stubs of their run and attempt.

https://docs.github.com/rest/actions/workflow-jobs
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from rows import Row, fields, version
from rows.github.job_kinds import AT, is_foreign, is_inherited, is_unstarted
from rows.github.job_steps import first_start, read_steps, systems
from rows.github.repo import Repository
from rows.source_record import Payload
from rows.words import COMPLETED, FAILED_JOB

LATE = 60.0
"""Seconds from `started_at` to the first step: more than a runner takes to begin."""


class JobTimes(NamedTuple):
    """When a job was created, taken by a runner and ended, in UTC; `stamps` are these as sent.

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


def job_rows(job: Payload, repo: Repository, deployment: Payload | None = None) -> list[Row]:
    """Return a job's row and the stubs of its run and attempt; nothing for what is no job.

    `deployment` is what a delivery brings beside a job that needs an approval.
    """
    if is_foreign(job):
        return []
    run = fields.needed(fields.number(job, "run_id", AT), AT, "run_id")
    attempt = fields.number(job, "run_attempt", AT, fields.BIGGEST_INT) or 1
    decided = fields.moment(deployment or {}, "updated_at", "deployment")
    row = job_row(job, repo.provider, run, attempt, decided)
    shared = {name: row.values[name] for name in ("workflowname", "branchname", "commithash")}
    stub = {"provider": repo.provider, "version": version.STUB}
    return [
        Row("workflowruns", {**stub, "gitid": run, **shared}),
        Row("runattempts", {**stub, "rungitid": run, "attempt": attempt}),
        row,
    ]


def job_times(job: Payload, attempt: int, first: datetime | None) -> JobTimes:
    """Return a job's times, given when its first step began.

    Its queue time is from its creation until a runner took it. `started_at` of some jobs stays the
    time of queueing when they run: the first step counts where it began a minute later. Without
    one, a job that seems to have started when it was created may have waited, nobody knows how
    long. https://github.com/actions/actions-runner-controller/issues/3346
    """
    status = fields.text(job, "status", AT)
    created = fields.moment(job, "created_at", AT)
    started = fields.moment(job, "started_at", AT)
    ended = fields.moment(job, "completed_at", AT) if status == COMPLETED else None
    stamps = (created, started, ended)
    inherited = is_inherited(job, attempt, created, started)
    if is_unstarted(job, inherited):
        started = None
    is_late = (seconds(started, first) or 0) >= LATE and (seconds(first, ended) or 0) >= 0
    if is_late:
        started = first
    is_known = not inherited and (first is not None or started != created)
    queuetime = seconds(created, started) if is_known else None
    runtime = seconds(started, ended)
    return JobTimes(created, started, ended, stamps, inherited, queuetime, runtime, is_late)


def job_row(job: Payload, provider: str, run: int, attempt: int, decided: datetime | None) -> Row:
    """Return a job's row; spans in seconds, times in UTC."""
    status, steps = fields.text(job, "status", AT), read_steps(job)
    times = job_times(job, attempt, first_start(steps))
    queued, ran = times.queuetime, times.runtime
    steps = steps if status == COMPLETED else []
    state = {
        "status": status,
        "conclusion": fields.text(job, "conclusion", AT),
        "starttime": times.started,
        "endtime": times.ended,
        "queuetime": None if queued is None or queued < 0 else int(queued),
        "runtime": None if ran is None or ran < 0 else ran,
        "clockanomaly": any(span is not None and span < 0 for span in (queued, ran)),
        "latestart": times.is_late,
        "failedstep": next((one["name"] for one in steps if one["conclusion"] in FAILED_JOB), None),
        "steps": json.dumps(steps, ensure_ascii=False) if status == COMPLETED else None,
    }
    labels = fields.texts(job, "labels", AT)
    fixed = {
        "name": fields.text(job, "name", AT),
        "createtime": times.created,
        "os": systems(labels),
        "labels": json.dumps(labels, ensure_ascii=False) if labels else None,
        "runnername": fields.text(job, "runner_name", AT) or None,
        "runnergroup": fields.text(job, "runner_group_name", AT) or None,
        "url": fields.text(job, "html_url", AT),
        "workflowname": fields.text(job, "workflow_name", AT) or None,
        "branchname": fields.text(job, "head_branch", AT),
        "commithash": fields.sha(job, "head_sha", AT),
    }
    key = {"provider": provider, "gitid": fields.needed(fields.number(job, "id", AT), AT, "id")}
    own = {"rungitid": run, "attempt": attempt, "inherited": times.inherited}
    own["gated"] = status == "waiting"
    order = version.job(status, times.stamps, state.values(), decided)
    return Row("jobs", {**key, **own, **state, **fixed, "version": order})


def seconds(begin: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two times; None when one is unknown."""
    return None if begin is None or end is None else (end - begin).total_seconds()
