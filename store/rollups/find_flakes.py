"""Named SELECTs for the page Flakes: jobs that failed and passed on the same commit."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, select

from engines import use_index
from rows.words import FAILED, SUCCESS, WorkflowKey, workflow_key
from schema.tables.ci import jobs, workflowruns
from store.rollups.durations import RUN_OF_JOB, WORKFLOW, WORKFLOW_NAME

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


class FlakeExample(NamedTuple):
    """One end of a job on a commit."""

    rungitid: int
    provider: str
    attempt: int | None
    conclusion: str
    createtime: datetime
    commithash: str
    url: str | None


class ShownFlake(NamedTuple):
    """A flaky job with its newest failure and the success on the same commit."""

    flake: Flake
    failed: FlakeExample | None
    passed: FlakeExample | None


def conditions_of(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of jobs of a span that ran and ended on a commit, well or badly."""
    job = jobs.c
    return [
        job.createtime >= since,
        job.createtime < until,
        job.conclusion.in_(OUTCOMES),
        job.inherited.is_(False),
        job.starttime.is_not(None),  # what was refused says nothing of the commit
        job.commithash.is_not(None),
        job.repo.is_not(None),
    ]


def select_ends(since: datetime, until: datetime) -> Subquery:
    """Return how jobs ended on each commit with a failure: failures and successes counted apart."""
    job, run = jobs.c, workflowruns.c
    # Few commits have a failure: all others need not be sorted, which is what takes long.
    query = select(job.repoid, job.commithash)
    query = query.where(*conditions_of(since, until), job.conclusion.in_(FAILED)).distinct()
    bad = use_index(query, jobs, "ix_jobs_time").subquery("bad")  # or it reads the whole table
    failed = case((job.conclusion.in_(FAILED), 1), else_=0)
    return (
        select(
            job.repoid,
            func.max(job.repo).label("repo"),
            run.workflowgitid,
            WORKFLOW[2].label("untold"),
            func.max(WORKFLOW_NAME).label("workflowname"),
            job.name,
            job.commithash,
            func.sum(failed).label("failures"),
            func.sum(1 - failed).label("successes"),
            func.sum(case((job.conclusion.in_(FAILED), job.runtime), else_=0)).label("seconds"),
            func.max(job.createtime).label("lastseen"),
        )
        .select_from(bad)
        .join(workflowruns, and_(run.repoid == bad.c.repoid, run.commithash == bad.c.commithash))
        .join(jobs, RUN_OF_JOB)
        .where(*conditions_of(since, until), job.commithash == bad.c.commithash)
        .group_by(*WORKFLOW, job.name, job.commithash)
        .subquery("ends")
    )


def list_flakes(
    connection: Connection, since: datetime, until: datetime, limit: int
) -> list[Flake]:
    """Return the jobs that both failed and passed on a commit, the most often flaky first."""
    end = select_ends(since, until).c
    both = case((and_(end.failures > 0, end.successes > 0), 1), else_=0)
    flaky, lastseen = func.sum(both), func.max(case((both == 1, end.lastseen)))
    query = (
        select(
            end.repoid,
            func.max(end.repo),
            end.workflowgitid,
            func.max(end.workflowname),
            end.name,
            flaky,
            func.sum(both * end.failures),
            func.sum(both * func.coalesce(end.seconds, 0)),
            lastseen,
        )
        .group_by(end.repoid, end.workflowgitid, end.untold, end.name)
        .having(flaky > 0)
        .order_by(flaky.desc(), lastseen.desc(), end.repoid, end.name)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    numbers = count_commits(connection, {row[0] for row in rows}, since, until)
    flakes = []
    for repoid, repo, gitid, workflow, name, times, failures, seconds, last in rows:
        job = job_key(repoid, workflow_key(gitid, workflow), name)
        commits = max(numbers.get(job, 0), int(times))
        # Python's own numbers: MySQL sums to Decimal.
        figures = (commits, int(times), int(failures), float(seconds))
        flakes.append(Flake(repoid, repo, workflow, name, *figures, last, gitid))
    return flakes


JobKey = tuple[int, WorkflowKey, str]


def job_key(repoid: int, workflow: WorkflowKey, name: str | None) -> JobKey:
    """Return what a job is known by, its name without regard to case as in the table."""
    return repoid, workflow, (name or "").casefold()


def count_commits(
    connection: Connection, repoids: Collection[int], since: datetime, until: datetime
) -> dict[JobKey, int]:
    """Return on how many commits each job of some repositories ended."""
    job, by = jobs.c, (*WORKFLOW, jobs.c.name)
    counts: dict[JobKey, int] = {}
    for number in repoids:
        query = select(*by, func.count(job.commithash.distinct())).join(workflowruns, RUN_OF_JOB)
        query = query.where(job.repoid == number, *conditions_of(since, until)).group_by(*by)
        counts |= {
            job_key(repoid, workflow_key(gitid, untold), name): commits
            for repoid, gitid, untold, name, commits in connection.execute(query)
        }
    return counts


def list_examples(connection: Connection, flake: Flake, since: datetime) -> list[FlakeExample]:
    """Return how a flaky job ended lately, newest first."""
    job, run = jobs.c, workflowruns.c
    same = run.workflowgitid == flake.workflowgitid
    if flake.workflowgitid is None:
        named = WORKFLOW_NAME.is_not_distinct_from(flake.workflowname)
        same = and_(run.workflowgitid.is_(None), named)
    query = (
        select(*(job[name] for name in FlakeExample._fields))
        .join(workflowruns, RUN_OF_JOB)
        .where(
            job.repoid == flake.repoid,
            job.createtime >= since,
            job.createtime <= flake.lastseen,
            same,
            job.name == flake.name,
            job.conclusion.in_(OUTCOMES),
            job.inherited.is_(False),
            job.starttime.is_not(None),
        )
        .order_by(job.createtime.desc(), job.gitid.desc())
        .limit(200)
    )
    return [FlakeExample(*row) for row in connection.execute(query)]


def list_shown_flakes(
    connection: Connection, since: datetime, until: datetime, limit: int
) -> list[ShownFlake]:
    """Return the flaky jobs of a span, each with both ends of a commit."""
    flakes = list_flakes(connection, since, until, limit)
    return [pair_examples(one, list_examples(connection, one, since)) for one in flakes]


def pair_examples(flake: Flake, ends: list[FlakeExample]) -> ShownFlake:
    """Return a flake with the two ends of the newest commit that has both; `ends` newest first."""
    for failed in ends:
        if failed.conclusion not in FAILED:
            continue
        same = (end for end in ends if end.commithash == failed.commithash)
        passed = next((end for end in same if end.conclusion == SUCCESS), None)
        if passed is not None:
            return ShownFlake(flake, failed, passed)
    return ShownFlake(flake, None, None)
