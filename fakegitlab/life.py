"""The lives of pipelines: jobs that fail, are tried again, skipped, cancelled, or wait at a gate.

What is kept is when each job's status changed; all that GitLab says of a pipeline at a time, by its
hooks and by its API, follows from that. Times are milliseconds since 1970.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fakegitlab.world import Json, api_time

ENDED = ("success", "failed", "canceled")
RUNNING = ("running", "canceling")
SCRIPT = (("build", "build"), ("test", "unit"), ("test", "lint"), ("deploy", "deploy"))
"""Stage and name of the jobs of a pipeline."""
GATES = {"manual": "manual", "delayed": "scheduled"}
REASONS = ("script_failure", "runner_system_failure", "job_execution_timeout")


class Mark(NamedTuple):
    """A change of a job's status."""

    time: int
    status: str


@dataclass(slots=True)
class JobLife:
    """A job, with all that became of it."""

    id: int
    name: str
    stage: str
    created: int
    when: str = "on_success"
    allow_failure: bool = False
    reason: str = REASONS[0]
    system: str = "linux"
    marks: list[Mark] = field(default_factory=list)

    def until(self, time: int) -> list[Mark]:
        """Return the changes that had come by a time."""
        return [mark for mark in self.marks if mark.time <= time]

    def status(self, time: int) -> str:
        """Return its status at a time."""
        marks = self.until(time)
        return marks[-1].status if marks else "created"

    def last(self, time: int, *statuses: str) -> int | None:
        """Return when it last came to one of the statuses."""
        times = [mark.time for mark in self.until(time) if mark.status in statuses]
        return times[-1] if times else None

    def record(self, time: int) -> Json:
        """Return what the API says of it; spans of what goes on grow with the clock."""
        status, started = self.status(time), self.last(time, "running")
        ended = self.last(time, *ENDED) if status in ENDED else None
        queued = self.last(time, "pending")
        ran = None if started is None else ((ended or time) - started) / 1000
        waited = None if queued is None else ((started or ended or time) - queued) / 1000
        return {
            "id": self.id,
            "name": self.name,
            "stage": self.stage,
            "status": status,
            "allow_failure": self.allow_failure,
            "created_at": api_time(self.created),
            "started_at": api_time(started),
            "finished_at": api_time(ended),
            "duration": ran,
            "queued_duration": waited,
            "failure_reason": self.reason if status == "failed" else None,
            "tag_list": [self.system],
            "runner": None if started is None else RUNNER,
            "user": {"id": 7, "username": "ada", "name": "Ada"},
        }


RUNNER = {"id": 3, "description": "runner-3", "runner_type": "instance_type"}


@dataclass(slots=True)
class Life:
    """A pipeline: what never changes of it, and its jobs, those that were tried again, too."""

    fixed: Json
    jobs: list[JobLife]

    def latest(self, time: int) -> list[JobLife]:
        """Return the latest job of each name at a time."""
        return list({job.name: job for job in self.jobs if job.created <= time}.values())

    def status(self, time: int) -> str:
        """Return the pipeline's status at a time."""
        return composite((job.status(time), job.allow_failure) for job in self.latest(time))

    def times(self, until: int) -> list[int]:
        """Return when something changed, in order."""
        own = {mark.time for job in self.jobs for mark in job.marks if mark.time <= until}
        return sorted(own)

    def turns(self, until: int) -> Iterator[Mark]:
        """Yield the changes of its own status."""
        before = None
        for time in self.times(until):
            status = self.status(time)
            if status != before:
                yield Mark(time, status)
            before = status

    def record(self, time: int) -> Json:
        """Return what the API says of it; the time of an end stays when it goes on."""
        turns = list(self.turns(time))
        ends = [turn.time for turn in turns if turn.status in ENDED]
        end = ends[-1] if ends else None
        starts = [job.last(time, "running") for job in self.jobs if job.created <= time]
        started = min((start for start in starts if start), default=None)
        queued = None if started is None else (started - self.created) // 1000
        return {
            **self.fixed,
            "status": turns[-1].status if turns else "created",
            "started_at": api_time(started),
            "finished_at": api_time(end),
            "updated_at": api_time(self.times(time)[-1] if turns else self.created),
            "duration": None if end is None else self.duration(end),
            "queued_duration": queued or None,
        }

    @property
    def created(self) -> int:
        """Return when it was made."""
        return min(job.created for job in self.jobs)

    def duration(self, end: int) -> int:
        """Return for how many seconds one of the jobs that counted at an end was running."""
        periods = []
        for job in self.latest(end):
            started, ended = job.last(end, "running"), job.last(end, *ENDED)
            if started is not None and ended is not None and ended > started:
                periods.append((started, ended))
        total, reached = 0, 0
        for started, ended in sorted(periods):
            total += max(0, ended - max(started, reached))
            reached = max(reached, ended)
        return total // 1000


def composite(jobs: Iterable[tuple[str, bool]]) -> str:
    """Return a pipeline's status from its jobs' and whether they may fail.

    https://docs.gitlab.com/development/cicd/pipeline_internals/
    """
    words = {usual(status, may_fail) for status, may_fail in jobs}
    for word in ("success", "failed", "canceled", "created", "skipped"):
        if words <= AMONG[word] and word in words:
            return word
    for word in ("canceling", "running"):
        if word in words:
            return word
    if words <= {"created", "skipped", "pending"}:
        return "pending"
    if "pending" in words:
        return "running"
    return next((word for word in ("manual", "scheduled") if word in words), "running")


AMONG = {
    "success": {"success", "skipped"},
    "failed": {"success", "skipped", "canceled", "failed"},
    "canceled": {"success", "skipped", "canceled"},
    "created": {"created"},
    "skipped": {"skipped"},
}


def usual(status: str, may_fail: bool) -> str:
    """Return what a job's status counts as."""
    if not may_fail:
        return status
    return {"failed": "success", "canceled": "success", "manual": "skipped"}.get(status, status)
