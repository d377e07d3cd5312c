"""What says of a day which jobs were flaky: on which commits each job ended, and how, as JSON.

    commits  [repos.Id, workflow, its name, {job: on how many commits it ended}]
    links    [repos.Id, workflow, its name, job, commit, the end before this day, the one after]
    ends     [repos.Id, workflow, its name, job, commit, provider, [END, ...]]

A link is of a commit on which the job ended on other days, too: added up, it would count twice.
Ends are those of jobs that failed and passed on a commit, on whatever days: so a span that has
both has them in the roll-up of the later one, whenever that was made. Times are epoch seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, case, func, or_, select

from engines import use_index
from engines.chunks import by_scope
from engines.column_types import exact
from rows.words import FAILED, WorkflowKey, workflow_key
from schema.tables.ci import jobs, workflowruns
from store.rollups.durations import RUN_OF_JOB, WORKFLOW, WORKFLOW_NAME
from store.rollups.find_flakes import conditions_of, job_key, within

EPOCH = datetime(1970, 1, 1)
NAME = exact(jobs.c.name)


class FlakeEnd(NamedTuple):
    """One end of a job on a commit, as it is stored."""

    gitid: int
    time: float
    failed: int
    seconds: float
    rungitid: int
    attempt: int | None
    conclusion: str


class FlakeDay(NamedTuple):
    """A stored day; see above."""

    commits: list[tuple[int, int | None, str, dict[str, int]]]
    links: list[tuple[int, int | None, str, str, str, float | None, float | None]]
    ends: list[tuple[int, int | None, str, str, str, str, list[Any]]]


class CommitEnds(NamedTuple):
    """How a job ended on a commit."""

    repoid: int
    gitid: int | None
    workflow: str | None
    job: str | None
    commit: str
    failed: int
    passed: int

    @property
    def key(self) -> tuple[int, WorkflowKey, str, str]:
        """What tells it from others: job and commit."""
        return *job_key(self.repoid, workflow_key(self.gitid, self.workflow), self.job), self.commit

    @property
    def head(self) -> tuple[int, int | None, str]:
        """The workflow, as it is stored."""
        return self.repoid, self.gitid, self.workflow or ""


def epoch(moment: datetime) -> float:
    """Return a time in epoch seconds."""
    return (moment - EPOCH).total_seconds()


def from_text(text: str) -> FlakeDay:
    """Return a day as it was stored."""
    return FlakeDay(*orjson.loads(text))


def count_flakes(connection: Connection, begin: datetime, end: datetime) -> str:
    """Return what says of a day, or of any span, which jobs were flaky."""
    own = {ends.key: ends for ends in list_ends(connection, begin, end)}
    counts: defaultdict[tuple[int, int | None, str], Counter[str]] = defaultdict(Counter)
    for ends in own.values():
        counts[ends.head][ends.job or ""] += 1
    links: list[Any] = []
    flaky = {key for key, ends in own.items() if ends.failed and ends.passed}
    for other, earlier, later in list_other_days(connection, begin, end):
        mine = own.get(other.key)
        if mine is None:
            continue
        times = (epoch(time) if time else None for time in (earlier, later))
        links.append([*mine.head, mine.job or "", mine.commit, *times])
        if mine.failed + other.failed and mine.passed + other.passed:
            flaky.add(other.key)
    commits = [[*head, dict(sorted(by.items()))] for head, by in counts.items()]
    ends_of_flaky = list_flaky_ends(connection, [own[key] for key in flaky])
    day = [sorted(part, key=repr) for part in (commits, links, ends_of_flaky)]
    return orjson.dumps(day).decode()


def list_ends(connection: Connection, begin: datetime, end: datetime) -> list[CommitEnds]:
    """Return how each job ended on each commit in a span."""
    job = jobs.c
    failed = func.sum(case((job.conclusion.in_(FAILED), 1), else_=0))
    by = (*WORKFLOW, NAME, job.commithash)
    query = select(
        job.repoid, workflowruns.c.workflowgitid, func.max(WORKFLOW_NAME), NAME, job.commithash,
        failed, func.count() - failed,
    ).select_from(jobs)  # fmt: skip
    query = query.join(workflowruns, RUN_OF_JOB).where(*within(begin, end), *conditions_of())
    return [
        CommitEnds._make((*ends, int(failures), int(successes)))
        for *ends, failures, successes in connection.execute(query.group_by(*by))
    ]


def list_other_days(
    connection: Connection, begin: datetime, end: datetime
) -> Iterable[tuple[CommitEnds, datetime | None, datetime | None]]:
    """Yield how jobs ended outside a span on its commits, with the ends that are next to it."""
    job, run = jobs.c, workflowruns.c
    query = select(job.repoid, job.commithash).where(*within(begin, end), *conditions_of())
    day = use_index(query.distinct(), jobs, "ix_jobs_time").subquery("day")
    failed = func.sum(case((job.conclusion.in_(FAILED), 1), else_=0))
    others = (
        select(
            job.repoid, run.workflowgitid, func.max(WORKFLOW_NAME), NAME, job.commithash,
            failed, func.count() - failed,
            func.max(case((job.createtime < begin, job.createtime))),
            func.min(case((job.createtime >= end, job.createtime))),
        )
        .select_from(day)
        .join(workflowruns, (run.repoid == day.c.repoid) & (run.commithash == day.c.commithash))
        .join(jobs, RUN_OF_JOB)
        .where(
            or_(run.createtime < begin, run.updatetime >= end, run.updatetime.is_(None)),
            or_(job.createtime < begin, job.createtime >= end),
            job.commithash == day.c.commithash,
            *conditions_of(),
        )
        .group_by(*WORKFLOW, NAME, job.commithash)
    )  # fmt: skip
    for *ends, failures, successes, earlier, later in connection.execute(others):
        yield CommitEnds._make((*ends, int(failures), int(successes))), earlier, later


def list_flaky_ends(connection: Connection, flaky: list[CommitEnds]) -> list[Any]:
    """Return all ends, on whatever days, of jobs on commits on which they failed and passed."""
    job, run = jobs.c, workflowruns.c
    listed: dict[Any, list[Any]] = {}
    wanted = {ends.key: ends for ends in flaky}
    for repoid, hashes in by_scope({(ends.repoid, ends.commit) for ends in flaky}):
        query = (
            select(
                job.provider, run.workflowgitid, WORKFLOW_NAME, job.name, job.commithash,
                job.gitid, job.createtime, job.conclusion, job.runtime, job.rungitid, job.attempt,
            )
            .join_from(workflowruns, jobs, RUN_OF_JOB)
            .where(
                run.repoid == repoid, run.commithash.in_(hashes), job.repoid == repoid,
                *conditions_of(),
            )
        )  # fmt: skip
        for provider, gitid, name, title, sha, *own in connection.execute(query):
            key = CommitEnds._make((repoid, gitid, name, title, sha, 0, 0)).key
            if key not in wanted:
                continue
            number, time, conclusion, seconds, rungitid, attempt = own
            failed = int(conclusion in FAILED)
            ends = (number, epoch(time), failed, seconds or 0.0, rungitid, attempt, conclusion)
            head = (*wanted[key].head, wanted[key].job or "", sha, provider)
            listed.setdefault((key, provider), [*head, []])[-1].append(ends)
    return [[*head, sorted(ends)] for *head, ends in listed.values()]
