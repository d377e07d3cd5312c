"""What GitLab has of a project: pipelines, listed and by id, and their jobs. Nothing is stored."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from backfill.gitlab import pipelines
from backfill.gitlab.pipelines import time_of
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import (
    BEGINNING,
    BrokenList,
    CountedRuns,
    Json,
    ListedJob,
    ListedRun,
    Repository,
    Unread,
    UnreadItem,
)
from rows import Unmappable
from rows.gitlab import clock
from rows.gitlab.words import state_of

Attempt = tuple[int, int]


def map_run(record: Json) -> ListedRun:
    """Return a listed pipeline."""
    words, iid = state_of(record.get("status")), record.get("iid")
    return ListedRun(
        gitid=record["id"],
        attempt=1,
        status=words.status,
        conclusion=words.conclusion,
        createtime=time_of(record, "created_at"),
        updatetime=time_of(record, "updated_at"),
        number=iid if isinstance(iid, int) else None,
        workflowgitid=None,
        workflow=None,
    )


def list_runs(
    context: Context, repository: Repository, since: datetime, until: datetime, unread: Unread
) -> tuple[dict[int, ListedRun], list[BrokenList]]:
    """List the pipelines created in a span, ends included, children too. Raises ApiError."""
    listed = map(map_run, pipelines.list_pipelines(context, repository, "", since, None))
    runs = {run.gitid: run for run in listed if not run.createtime or run.createtime <= until}
    return runs, []


def walk_runs(
    context: Context, repository: Repository, until: datetime, workflow: int | None = None
) -> CountedRuns:
    """List pipelines down to those of a time, and count all. Raises ApiError."""
    listed = map(map_run, pipelines.list_pipelines(context, repository, "", None, None))
    runs = {run.gitid: run for run in listed}
    wanted = {gitid: run for gitid, run in runs.items() if (run.createtime or until) >= until}
    return CountedRuns(wanted, len(runs), True)


def find_runs(context: Context, repository: Repository, runs: Iterable[int]) -> list[ListedRun]:
    """Return those of some pipelines that GitLab has, asked for by id. Raises ApiError."""

    def ask(run: int) -> ListedRun | None:
        try:
            record = context.client.get(f"{repository.path}pipelines/{run}").body
        except ApiError as problem:
            if not (problem.is_gone or problem.is_unsteady):
                raise
            return None
        return map_run(record) if isinstance(record, dict) and record.get("id") == run else None

    return [run for run in context.pool.spread(partial(ask, one) for one in runs) if run]


def count_runs_before(context: Context, repository: Repository, time: datetime) -> int:
    """Return how many pipelines were created before a time. Raises ApiError."""
    runs = walk_runs(context, repository, BEGINNING).runs.values()
    return sum(run.createtime is not None and run.createtime < time for run in runs)


def list_workflow_ids(context: Context, repository: Repository) -> set[int]:
    """Return none: a project is its one workflow, and no list is of one."""
    return set()


def list_jobs(
    context: Context, repository: Repository, runs: Iterable[ListedRun], unread: Unread
) -> dict[int, list[ListedJob]]:
    """Return the jobs of pipelines, those that were tried again, too. Raises ApiError."""
    tasks = (partial(list_run_jobs, context, repository, run, unread) for run in runs)
    return dict(context.pool.spread(tasks))


def list_run_jobs(
    context: Context, repository: Repository, run: ListedRun, unread: Unread
) -> tuple[int, list[ListedJob]]:
    """Return a pipeline and its jobs; none when it was deleted meanwhile."""
    try:
        records = pipelines.list_jobs_of(context, repository, run.gitid)
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        if not problem.is_gone:
            unread.append(UnreadItem("jobs", str(run.gitid), str(problem), run.gitid))
        return run.gitid, []
    jobs = list[ListedJob]()
    for record in records:
        try:
            jobs.append(map_job(record, run.gitid))
        except Unmappable as error:
            unread.append(UnreadItem("job", str(record["id"]), str(error), run.gitid))
    return run.gitid, jobs


def map_job(record: Json, run: int) -> ListedJob:
    """Return a listed job. Raises Unmappable."""
    created, started, ended = (
        clock.moment(record, name, "job") for name in ("created_at", "started_at", "finished_at")
    )
    status = state_of(record.get("status")).status
    return ListedJob(record["id"], run, 1, status, created, ended or started or created)


def find_absent_runs(context: Context, repository: Repository, runs: Iterable[int]) -> set[int]:
    """Return the pipelines that GitLab does not have, asked for by id. Raises ApiError."""

    def ask(run: int) -> int | None:
        try:
            context.client.get(f"{repository.path}pipelines/{run}")
        except ApiError as problem:
            if not (problem.is_gone or problem.is_unsteady):
                raise
            return run if problem.is_gone else None
        return None

    asked = context.pool.spread(partial(ask, run) for run in runs)
    return {run for run in asked if run is not None}


def find_absent_attempts(
    context: Context, repository: Repository, attempts: Iterable[Attempt]
) -> set[Attempt]:
    """Return the attempts that GitLab does not have: a pipeline has its first alone."""
    wanted = {*attempts}
    gone = find_absent_runs(context, repository, {run for run, _ in wanted})
    return {one for one in wanted if one[0] in gone or one[1] > 1}
