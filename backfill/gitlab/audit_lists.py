"""What GitLab has of a project: pipelines, listed and by id, and their jobs. Nothing is stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from backfill.gitlab import pipelines
from backfill.gitlab.completion import Completion, Refused, number_of
from backfill.gitlab.pipelines import time_of
from backfill.gitlab.projects import CI, is_off
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
from rows.gitlab import clock, triggers
from rows.gitlab.words import STATES, read_status, state_of
from rows.gitlab.workflow import ci_file

Attempt = tuple[int, int]


def map_run(repository: Repository, record: Json) -> ListedRun:
    """Return a listed pipeline; what is not of the CI file goes by what started it."""
    status, iid, source = record.get("status"), record.get("iid"), record.get("source")
    words = state_of(status if status in STATES else None)
    has_own = source in triggers.NOT_OF_THE_FILE
    return ListedRun(
        gitid=record["id"],
        attempt=1,
        status=words.status,
        conclusion=words.conclusion,
        createtime=time_of(record, "created_at"),
        updatetime=time_of(record, "updated_at"),
        number=iid if isinstance(iid, int) else None,
        workflowgitid=None,
        workflow=source if has_own else ci_file({"project": repository.record}),
    )


def list_runs(
    context: Context, repository: Repository, since: datetime, until: datetime, unread: Unread
) -> tuple[dict[int, ListedRun], list[BrokenList]]:
    """List the pipelines created in a span, ends included, children too. Raises ApiError."""
    if is_off(repository.record, CI):
        return {}, []
    records = pipelines.list_pipelines(context, repository, "", since, None)
    listed = (map_run(repository, record) for record in records)
    runs = {run.gitid: run for run in listed if not run.createtime or run.createtime <= until}
    return runs, []


def walk_runs(
    context: Context, repository: Repository, until: datetime, workflow: int | None = None
) -> CountedRuns:
    """List pipelines down to those of a time, and count all. Raises ApiError."""
    if is_off(repository.record, CI):
        return CountedRuns({}, 0, True)
    records = pipelines.list_pipelines(context, repository, "", None, None)
    runs = {record["id"]: map_run(repository, record) for record in records}
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
        is_it = isinstance(record, dict) and record.get("id") == run
        return map_run(repository, record) if is_it else None

    return [run for run in context.pool.spread(partial(ask, one) for one in runs) if run]


def find_numbered_runs(
    context: Context, repository: Repository, numbers: Sequence[int]
) -> list[ListedRun]:
    """Return the pipelines that GitLab has of some numbers of the project's. Raises ApiError."""
    completion = Completion(context, repository)
    if is_off(repository.record, CI):
        return []
    try:
        nodes = list(completion.find_numbered(numbers, "id")) if completion.is_there else []
    except Refused as refusal:
        why = "that nobody has are not asked for, only missed in its lists"
        context.reporter.say(
            f"{repository.name}: GraphQL is not to be had ({refusal}): numbers {why}"
        )
        return []
    ids = (number_of(node.get("id")) for node in nodes)
    return find_runs(context, repository, sorted(gitid for gitid in ids if gitid))


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
    status = state_of(read_status(record, "status", "job")).status
    return ListedJob(record["id"], run, 1, status, created, ended or started or created)


def find_absent_runs(context: Context, repository: Repository, runs: Iterable[int]) -> set[int]:
    """Return the pipelines that GitLab does not have, asked for by id. Raises ApiError."""

    if is_off(repository.record, CI):
        return set()

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
