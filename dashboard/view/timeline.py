"""Pure: the jobs of an attempt as bars on one line of time, and their steps."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dashboard.view import axes, formats
from store.reads.runs import Job


class TimelineStep(NamedTuple):
    """A step of a job; `seconds` None where its times are not known."""

    number: int | None
    name: str
    tone: str
    ended: str
    seconds: float | None


class Lane(NamedTuple):
    """A job's line: where it waited and where it ran, in percent of the attempt."""

    job: Job
    tone: str
    queued: tuple[float, float] | None
    running: tuple[float, float] | None
    steps: tuple[TimelineStep, ...]


class Timeline(NamedTuple):
    """An attempt's jobs, how long all of it took, and the ticks below."""

    lanes: tuple[Lane, ...]
    seconds: float
    ticks: tuple[tuple[float, str], ...]


def draw_timeline(jobs: Sequence[Job], now: datetime) -> Timeline:
    """Return the timeline of one attempt; copies of an earlier attempt's jobs have no bars."""
    own = [job for job in jobs if not job.inherited]
    begins = [job.createtime for job in own if job.createtime is not None]
    ends = [job.endtime or (now if job.status != "completed" else None) for job in own]
    begin = min(begins, default=now)
    end = max([one for one in ends if one is not None], default=begin)
    whole = max((end - begin).total_seconds(), 1.0)

    def place(first: datetime | None, last: datetime | None) -> tuple[float, float] | None:
        if first is None or last is None or last < first:
            return None
        left = max((first - begin).total_seconds() / whole * 100, 0.0)
        return left, max((last - first).total_seconds() / whole * 100, 0.3)

    lanes = []
    for job in jobs:
        until = job.endtime or (now if job.status != "completed" else None)
        queued = running = None
        if not job.inherited and job.conclusion != "skipped":
            queued = place(waits_since(job), job.starttime or until)
            running = place(job.starttime, until)
        tone = formats.tone(job.conclusion, job.status)
        lanes.append(Lane(job, tone, queued, running, read_steps(job.steps)))
    ticks = axes.span_ticks(whole)
    places = tuple((tick / whole * 100, formats.span(tick)) for tick in ticks if tick <= whole)
    return Timeline(tuple(lanes), whole, places)


def waits_since(job: Job) -> datetime | None:
    """Return since when a job waits for a runner: one of a later stage was made long before."""
    if job.starttime is None or job.createtime is None or job.queuetime is None:
        return job.createtime
    return max(job.createtime, job.starttime - timedelta(seconds=job.queuetime))


def read_steps(text: str | None) -> tuple[TimelineStep, ...]:
    """Return the steps of a job as the store keeps them."""
    return tuple(read_step(one) for one in json.loads(text or "[]"))


def read_step(step: dict[str, Any]) -> TimelineStep:
    """Return one step."""
    conclusion, status = step.get("conclusion"), step.get("status")
    begin, end = parse_time(step.get("starttime")), parse_time(step.get("endtime"))
    seconds = None if begin is None or end is None else (end - begin) / timedelta(seconds=1)
    name = str(step.get("name") or "?")
    ended = formats.ended(conclusion, status)
    return TimelineStep(step.get("number"), name, formats.tone(conclusion, status), ended, seconds)


def parse_time(text: str | None) -> datetime | None:
    """Return a stored step's time."""
    return datetime.fromisoformat(text) if text else None
