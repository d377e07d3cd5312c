"""What a flaky job is: one that failed and passed on the same commit."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement

from rows.words import FAILED, SUCCESS, WorkflowKey, workflow_key
from schema.tables.ci import jobs

OUTCOMES = (*FAILED, SUCCESS)


class Flake(NamedTuple):
    """A job of a workflow; `commits` is on how many it ended, `flaky` on how many both ways.

    `failures` and `seconds` are those of its failed jobs on flaky commits.
    """

    repoid: int
    repo: str
    workflowname: str | None
    name: str | None
    commits: int
    flaky: int
    failures: int
    seconds: float
    lastseen: datetime
    workflowgitid: int | None = None

    @property
    def workflow(self) -> WorkflowKey:
        """What its workflow is known by."""
        return workflow_key(self.workflowgitid, self.workflowname)

    @property
    def rate(self) -> float:
        """Flaky commits of all on which it ended."""
        return self.flaky / self.commits


class FlakeExample(NamedTuple):
    """One end of a job on a commit; `gitid` is the job's."""

    rungitid: int
    provider: str
    attempt: int | None
    conclusion: str
    createtime: datetime
    commithash: str
    gitid: int


class ShownFlake(NamedTuple):
    """A flaky job with its newest failure and the success on the same commit.

    `times` are when its failures on flaky commits began, `reruns` how often it was run again there.
    """

    flake: Flake
    failed: FlakeExample | None
    passed: FlakeExample | None
    times: tuple[datetime, ...] = ()
    reruns: int = 0


def within(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of jobs of a span."""
    return [jobs.c.createtime >= since, jobs.c.createtime < until]


def conditions_of() -> list[ColumnElement[bool]]:
    """Return the conditions of jobs that ran and ended on a commit, well or badly."""
    job = jobs.c
    return [
        job.conclusion.in_(OUTCOMES),
        job.inherited.is_(False),
        job.starttime.is_not(None),  # what was refused says nothing of the commit
        job.commithash.is_not(None),
        job.repo.is_not(None),
    ]


JobKey = tuple[int, WorkflowKey, str]


def job_key(repoid: int, workflow: WorkflowKey, name: str | None) -> JobKey:
    """Return what a job is known by: its name is exact, as at its vendor."""
    return repoid, workflow, name or ""


def pair_examples(flake: Flake, ends: list[FlakeExample]) -> ShownFlake:
    """Return a flake with the two ends of the newest commit that has both; `ends` newest first."""
    for failed in ends:
        if failed.conclusion not in FAILED:
            continue
        same = [end for end in ends if end.commithash == failed.commithash]
        passed = max(
            (end for end in same if end.conclusion == SUCCESS),
            key=lambda end: (end.rungitid, end.attempt) != (failed.rungitid, failed.attempt),
            default=None,
        )
        if passed is not None:
            return ShownFlake(flake, failed, passed)
    return ShownFlake(flake, None, None)
