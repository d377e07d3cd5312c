"""Jobs of a hook and of the API -> jobs.

All jobs of a pipeline are made at once, so that only GitLab itself knows how long one waited for a
runner. A job that is tried again is a new job of the same name: which of them counts is derived by
the store. https://docs.gitlab.com/user/project/integrations/webhook_events/#job-events
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json import JSONEncoder
from typing import NamedTuple

from rows import Row, fields
from rows.derive import seconds
from rows.gitlab import clock, version
from rows.gitlab.words import (
    CANCELED,
    ENDED,
    FAILED,
    GATES,
    RUNNING,
    SUCCESSFUL,
    read_status,
    state_of,
)
from rows.source_record import Payload, Repository
from rows.version import STUB, believed
from rows.words import COMPLETED, systems_of

HOSTED = re.compile(r"\bsaas-[\w-]+(?=\.runners-manager\.gitlab\.com\b)")
"""What GitLab.com's own runners are called: `2-blue.saas-linux-small-amd64.runners-manager...`."""
UNPLAYED = (*GATES, "created", "skipped")
"""Statuses of a job that nobody let go yet."""
VERDICTS = {SUCCESSFUL: "passedtime", FAILED: "failedtime"}
"""The columns of when a pipeline said so."""
as_json = JSONEncoder(ensure_ascii=False).encode


class Place(NamedTuple):
    """The pipeline of a job: what it says of its state, and what its jobs say of it.

    `is_known` is False where that state was not read: a job that never started is a stub then.
    """

    run: int
    status: str | None
    end: datetime | None
    shared: Mapping[str, object]
    door: int
    is_known: bool = True


class JobFields(NamedTuple):
    """What a job's fields are called, and how its object is named in notes."""

    at: str
    prefix: str = ""
    reason: str = "failure_reason"

    def key(self, name: str) -> str:
        """Return what a field is called there."""
        return f"{self.prefix}{name}"


IN_PIPELINE, LISTED = JobFields("builds"), JobFields("job")
IN_BUILD = JobFields("payload", "build_", "build_failure_reason")


def job_row(job: Payload, form: JobFields, place: Place, repo: Repository) -> Row:
    """Return a job's row; spans in seconds as GitLab counts them, times in UTC."""
    at, key = form.at, form.key
    status = read_status(job, key("status"), at)
    reason = fields.text(job, form.reason, at, fields.WORD) if status == FAILED else None
    state_words = state_of(status, reason)
    created, started, finished = (
        clock.moment(job, key(f"{name}_at"), at) for name in ("created", "started", "finished")
    )
    has_ended = state_words.status == COMPLETED
    has_started = started is not None and status in (*ENDED, *RUNNING)
    queued = clock.span(job, key("queued_duration"), at) if has_started else None
    ran = None
    if has_started and has_ended:
        ran = clock.span(job, key("duration"), at)
        if job.get(key("duration")) is None:  # as in no hook of a pipeline before GitLab 14
            ran = seconds(started, finished)
    is_odd = has_started and has_ended and finished is not None and finished < started  # type: ignore[operator] # it has started
    is_back = has_started and any(
        clock.is_below_zero(job.get(key(f"{name}duration"))) for name in ("queued_", "")
    )
    state = {
        "status": state_words.status,
        "conclusion": state_words.conclusion,
        "starttime": started if has_started else None,
        "endtime": finished if has_ended else None,
        "queuetime": None if queued is None else int(queued),
        "runtime": None if is_odd else ran,
        "clockanomaly": is_odd or is_back,
        "latestart": False,
        "failedstep": None,
        "steps": None,
        "allowfailure": fields.flag(job, key("allow_failure"), at),
        "failurereason": reason,
    }
    gitid = fields.key(fields.number, job, key("id"), at)
    runner = fields.child(job, "runner", at) or {}
    fixed = {
        "name": fields.text(job, key("name"), at),
        "stage": fields.text(job, key("stage"), at),
        "createtime": created,
        "runnername": fields.text(runner, "description", "runner") or None,
        "runnergroup": fields.text(runner, "runner_type", "runner") or None,
        "url": f"{repo.url}/-/jobs/{gitid}",
        **labels_of(job, runner, at),
        **place.shared,
    }
    times = [believed(time, repo.received) for time in (created, started, finished)]
    latest = max(filter(None, times), default=None)
    end = believed(place.end, repo.received)
    order = version.job(status, latest, place.status, end, state.values(), place.door)
    own: dict[str, object] = {"rungitid": place.run, "attempt": 1, "inherited": False}
    own["gated"] = bool(status in GATES or fields.flag(job, "manual", at))
    if not place.is_known and status not in (*ENDED, *RUNNING):
        order = STUB
        state = {}
    key_columns = {"provider": repo.provider, "gitid": gitid}
    return Row("jobs", {**key_columns, **own, **state, **fixed, "version": order})


def labels_of(job: Payload, runner: Payload, at: str) -> dict[str, object]:
    """Return the labels that a job asks for, which no hook says, and the system it ran on.

    A runner's own tags may name its system; a list of the API says that of the runner's machine, of
    GitLab.com's own machines only by their names.
    """
    asked = fields.texts(job, "tag_list", at)
    machine = fields.child(job, "runner_manager", at) or {}
    platform = fields.text(machine, "platform", "runner_manager")
    said = [platform] if platform else asked or fields.texts(runner, "tags", "runner")
    hosted = HOSTED.findall(fields.text(runner, "description", "runner") or "")
    system = systems_of(tuple(said)) or systems_of(tuple(hosted))
    return {"labels": as_json(asked) if asked else None, "os": system}


def first_time(jobs: Sequence[Payload], form: JobFields) -> datetime | None:
    """Return when the first of a pipeline's jobs was made."""
    times = (clock.moment(job, form.key("created_at"), form.at) for job in jobs)
    return min(filter(None, times), default=None)


def newest_jobs(jobs: Sequence[Payload], form: JobFields) -> list[Payload]:
    """Return the jobs that count, in the order of their ids: of those of one name the newest."""
    newest: dict[str, Payload] = {}
    for job in sorted(jobs, key=lambda job: fields.number(job, form.key("id"), form.at) or 0):
        newest[str(job.get(form.key("name")))] = job
    return list(newest.values())


def last_time(jobs: Sequence[Payload], form: JobFields) -> datetime | None:
    """Return the last time that jobs say, without those that were tried again.

    Of jobs of one name the newest counts: a hook has no others.
    """
    times = (
        clock.moment(job, form.key(f"{name}_at"), form.at)
        for job in newest_jobs(jobs, form)
        for name in ("created", "started", "finished")
    )
    return max(filter(None, times), default=None)


def count_passed_gates(jobs: Iterable[Payload]) -> int:
    """Return how many of the jobs of a hook waited for somebody, and do so no more."""
    return sum(job.get("manual") is True and job.get("status") not in UNPLAYED for job in jobs)


def verdict_times(
    status: str | None, end: datetime | None, jobs: Sequence[Payload], form: JobFields
) -> Mapping[str, datetime]:
    """Return when a pipeline passed or failed, by the column: at its end, or as far as it went.

    That stands while it goes on after its end, for a job that is tried again or played, of which
    GitLab says no more than that it is open; and while it waits for somebody.
    """
    newest = newest_jobs(jobs, form)
    said = so_far(newest, form) if status in GATES else status
    if said not in VERDICTS:
        return {}
    time = last_end(newest, form) if end is None or status in GATES else end
    return {} if time is None else {VERDICTS[said]: time}


def so_far(jobs: Iterable[Payload], form: JobFields) -> str | None:
    """Return how the jobs that ended leave a pipeline that waits; None while none tells."""
    ends = set[str | None]()
    for job in jobs:
        status = read_status(job, form.key("status"), form.at)
        may_fail = status in ENDED and fields.flag(job, form.key("allow_failure"), form.at)
        ends.add(SUCCESSFUL if may_fail else status)
    return next((word for word in (FAILED, CANCELED, SUCCESSFUL) if word in ends), None)


def last_end(jobs: Iterable[Payload], form: JobFields) -> datetime | None:
    """Return when the last of some jobs ended."""
    ends = (clock.moment(job, form.key("finished_at"), form.at) for job in jobs)
    return max(filter(None, ends), default=None)
