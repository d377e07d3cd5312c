"""What GitHub has of a repository: runs, listed and counted in several ways, and their jobs.

Nothing is stored here. A list may lie, so each is also asked for in another way: by creation time,
without a filter, by workflow, by id. https://docs.github.com/rest/actions/workflow-runs
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from backfill.github.repository_lookup import map_each
from backfill.github.run_details import list_all_jobs
from backfill.github.run_listing import RESTARTS
from backfill.github.windows import CAP, PER_PAGE, SECOND, first_page_path, halve_window
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items, read_total
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import ask_below
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
from rows import fields
from rows.sources import source_of
from store.state.backfill_progress import Window

AT = "workflow_run"
is_foreign = source_of("github").is_foreign_job
UNFILTERED = f"exclude_pull_requests=true&per_page={PER_PAGE}"

Attempt = tuple[int, int]
"""A run and the number of one of its attempts."""
Key = TypeVar("Key")


def list_runs(
    context: Context, repository: Repository, since: datetime, until: datetime, unread: Unread
) -> tuple[dict[int, ListedRun], list[BrokenList]]:
    """List the runs created in a span (ends included), and what is not whole. Raises ApiError."""
    floor = repository.createtime or BEGINNING
    waiting, runs_by_id, broken = [Window(since, until)], dict[int, ListedRun](), list[BrokenList]()
    tries: Counter[Window] = Counter()
    while waiting:
        window = waiting.pop()
        runs, total, odd, problems = list[Any](), 0, Unread(), list[ApiError]()
        for page in fetch_pages(
            context.client, repository.path + first_page_path(window), know_nothing, problems
        ):
            total, items = read_total(page.body), read_items(page.body, "workflow_runs")
            is_full = total >= CAP and len(items) == PER_PAGE
            if is_full and (parts := halve_window(window, floor)):
                waiting += parts
                break
            runs += items
        else:
            known = {run.gitid: run for run in map_each(context, "run", map_run, runs, odd)}
            counted = len(known) + len(odd)
            tries[window] += 1
            is_short = counted != total and not problems
            if is_short and tries[window] <= RESTARTS and total <= CAP:
                waiting.append(window)
                continue
            unread += odd
            runs_by_id |= known
            if counted != total:
                broken.append(BrokenList(window.first, window.last, total, counted))
    return runs_by_id, broken


def walk_runs(
    context: Context, repository: Repository, until: datetime, workflow: int | None = None
) -> CountedRuns:
    """List runs without a filter, or those of a workflow, newest first, down to one of a time.

    Nothing is told of what cannot be read: the list by time has it, too. Raises ApiError.
    """
    place = "actions/runs" if workflow is None else f"actions/workflows/{workflow}/runs"
    runs, total, count = dict[int, ListedRun](), 0, 0
    try:
        for page in fetch_pages(
            context.client, f"{repository.path}{place}?{UNFILTERED}", know_nothing
        ):
            total = max(total, read_total(page.body))
            records = read_items(page.body, "workflow_runs")
            count += len(records)
            listed = list(map_each(context, "run", map_run, records, []))
            runs |= {run.gitid: run for run in listed}
            if any(run.createtime and run.createtime < until for run in listed):
                return CountedRuns(runs, total, True)
    except ApiError as problem:
        # A list is not followed for ever, and a workflow without a file may have none any more.
        if not (problem.is_invalid or problem.is_gone or problem.is_unsteady):
            raise
        return CountedRuns(runs, total, False)
    return CountedRuns(runs, total, count >= total)


def map_run(run: Json) -> ListedRun:
    """Return a listed run. Raises Unmappable."""
    return ListedRun(
        gitid=fields.key(fields.number, run, "id", AT),
        attempt=fields.number(run, "run_attempt", AT) or 1,
        status=fields.text(run, "status", AT),
        conclusion=fields.text(run, "conclusion", AT),
        createtime=fields.moment(run, "created_at", AT),
        updatetime=fields.moment(run, "updated_at", AT),
        number=fields.number(run, "run_number", AT),
        workflowgitid=fields.number(run, "workflow_id", AT),
        workflow=fields.text(run, "name", AT),
    )


def count_runs_before(context: Context, repository: Repository, time: datetime) -> int:
    """Return how many runs GitHub counts that were created before a time. Raises ApiError."""
    last = time - SECOND
    path = first_page_path(Window(BEGINNING, last)).replace(f"per_page={PER_PAGE}", "per_page=1")
    try:
        return read_total(context.client.get(repository.path + path).body)
    except ApiError as problem:
        if not problem.is_unsteady:
            raise
    # This count cannot be had now: the runs themselves can, perhaps.
    runs = walk_runs(context, repository, BEGINNING).runs.values()
    return sum(run.createtime is not None and run.createtime < time for run in runs)


def list_workflow_ids(context: Context, repository: Repository) -> set[int]:
    """Return the ids of the workflows that are listed. Raises ApiError."""
    path, ids = f"{repository.path}actions/workflows?per_page=100", Unread()
    pages = fetch_pages(context.client, path, know_nothing)
    try:
        records = [one for page in pages for one in read_items(page.body, "workflows")]
    except ApiError as problem:
        if not problem.is_unsteady:
            raise
        return set()  # the runs name theirs
    key = partial(fields.key, fields.number, key="id", at="workflow")
    return set(map_each(context, "workflow", key, records, ids))


def find_runs(context: Context, repository: Repository, runs: Iterable[int]) -> list[ListedRun]:
    """Return those of some runs that GitHub has, asked for by id. Raises ApiError."""

    def ask(run: int) -> ListedRun | None:
        path = f"actions/runs/{run}?exclude_pull_requests=true"
        try:
            record = context.client.get(repository.path + path).body
        except ApiError as problem:
            if not (problem.is_gone or problem.is_unsteady):
                raise
            return None
        return next(map_each(context, "run", map_run, [record], []), None)

    return [run for run in context.pool.spread(partial(ask, one) for one in runs) if run]


def find_numbered_runs(
    context: Context, repository: Repository, numbers: Sequence[int]
) -> list[ListedRun]:
    """Return none: no run can be asked for by its number."""
    return []


def list_jobs(
    context: Context, repository: Repository, runs: Iterable[ListedRun], unread: Unread
) -> dict[int, list[ListedJob]]:
    """Return the jobs of all attempts of runs. Raises ApiError."""
    tasks = (partial(list_run_jobs, context, repository, run, unread) for run in runs)
    return dict(context.pool.spread(tasks))


def list_run_jobs(
    context: Context, repository: Repository, run: ListedRun, unread: Unread
) -> tuple[int, list[ListedJob]]:
    """Return a run and its jobs; none when the run was deleted meanwhile."""
    path = f"{repository.path}actions/runs/{run.gitid}?exclude_pull_requests=true"
    ask = partial(list_all_jobs, context, repository, run.gitid, run.attempt, know_nothing)
    try:
        read = ask_below(context, path, ask)
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        if not problem.is_gone:
            unread.append(UnreadItem("jobs", str(run.gitid), str(problem), run.gitid))
        return run.gitid, []
    odd = Unread()
    if read.lacking:
        odd.append(UnreadItem("jobs", str(run.gitid), read.describe(), run.gitid))
    ours = [one for one in read.jobs if not isinstance(one, dict) or not is_foreign(one)]
    jobs = list(map_each(context, "job", map_job, ours, odd, run.gitid))
    unread += odd
    return run.gitid, jobs


def map_job(job: Json) -> ListedJob:
    """Return a listed job. Raises Unmappable."""
    at = "workflow_job"
    created, started, ended = (
        fields.moment(job, name, at) for name in ("created_at", "started_at", "completed_at")
    )
    return ListedJob(
        gitid=fields.key(fields.number, job, "id", at),
        rungitid=fields.key(fields.number, job, "run_id", at),
        attempt=fields.number(job, "run_attempt", at) or 1,
        status=fields.text(job, "status", at),
        createtime=created,
        time=ended or started or created,
    )


def find_absent_runs(context: Context, repository: Repository, runs: Iterable[int]) -> set[int]:
    """Return the runs that GitHub does not have, asked for by id. Raises ApiError."""
    return find_absent(context, {run: f"{repository.path}actions/runs/{run}" for run in runs})


def find_absent_attempts(
    context: Context, repository: Repository, attempts: Iterable[Attempt]
) -> set[Attempt]:
    """Return the attempts that GitHub does not have either: some runs begin with their second."""
    path = f"{repository.path}actions/runs/"
    return find_absent(context, {one: f"{path}{one[0]}/attempts/{one[1]}" for one in attempts})


def find_absent(context: Context, paths: Mapping[Key, str]) -> set[Key]:
    """Return the keys of paths at which there is nothing. Raises ApiError."""

    def ask(key: Key, path: str) -> Key | None:
        try:
            context.client.get(f"{path}?exclude_pull_requests=true")
        except ApiError as problem:
            if not (problem.is_gone or problem.is_unsteady):
                raise
            return key if problem.is_gone else None
        return None

    asked = context.pool.spread(partial(ask, key, path) for key, path in paths.items())
    return {key for key in asked if key is not None}
