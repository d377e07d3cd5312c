"""What GitHub has of a repository in a span of time: runs, jobs, branches and commits.

Nothing is stored here. https://docs.github.com/rest/actions/workflow-runs
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial

from backfill.github.branches import fetch_whole_list
from backfill.github.commits import CommitDepth, history_path
from backfill.github.run_listing import RESTARTS
from backfill.github.windows import CAP, first_page_path, halve_window
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.context import Context
from backfill.records import (
    BEGINNING,
    BrokenList,
    Json,
    ListedCommit,
    ListedJob,
    ListedRun,
    Repository,
)
from rows import fields
from rows.sources import source_of
from store.state.backfill_progress import Window

AT = "workflow_run"
is_foreign = source_of("github").is_foreign_job

Attempt = tuple[int, int]
"""A run and the number of one of its attempts."""


def list_runs(
    context: Context, repository: Repository, since: datetime, until: datetime
) -> tuple[list[ListedRun], list[BrokenList]]:
    """List the runs created in a span (ends included), and what is not whole. Raises ApiError."""
    floor = repository.createtime or BEGINNING
    waiting, runs_by_id, broken = [Window(since, until)], dict[int, ListedRun](), list[BrokenList]()
    tries: Counter[Window] = Counter()
    while waiting:
        window = waiting.pop()
        runs, total = list[Json](), 0
        for page in fetch_pages(
            context.client, repository.path + first_page_path(window), know_nothing
        ):
            total = int(page.body["total_count"])
            if total >= CAP and (parts := halve_window(window, floor)):
                waiting += parts
                break
            runs += page.body["workflow_runs"]
        else:
            known = {run.gitid: run for run in map(map_run, runs)}
            tries[window] += 1
            if len(known) != total and tries[window] <= RESTARTS and total <= CAP:
                waiting.append(window)
                continue
            runs_by_id |= known
            if len(known) != total:
                broken.append(BrokenList(window.first, window.last, total, len(known)))
    return list(runs_by_id.values()), broken


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


def has_runs_before(context: Context, repository: Repository, time: datetime) -> bool:
    """Tell whether GitHub still lists a run created before a time. Raises ApiError."""
    path = first_page_path(Window(BEGINNING, time)).replace("per_page=100", "per_page=1")
    answer = context.client.get(repository.path + path)
    return int(answer.body["total_count"]) > 0


def list_jobs(
    context: Context, repository: Repository, runs: Iterable[int]
) -> dict[int, list[ListedJob]]:
    """Return the jobs of all attempts of runs. Raises ApiError."""
    tasks: Iterator[Callable[[], tuple[int, list[ListedJob]]]]
    tasks = (partial(list_run_jobs, context, repository, run) for run in runs)
    return dict(context.pool.spread(tasks))


def list_run_jobs(
    context: Context, repository: Repository, run: int
) -> tuple[int, list[ListedJob]]:
    """Return a run and its jobs; none when the run was deleted meanwhile."""
    path = f"{repository.path}actions/runs/{run}/jobs?filter=all&per_page=100"
    try:
        pages = [page.body["jobs"] for page in fetch_pages(context.client, path, know_nothing)]
    except ApiError as problem:
        if not problem.is_gone:
            raise
        return run, []
    jobs = {one["id"]: one for page in pages for one in page}
    return run, [map_job(one) for one in jobs.values() if not is_foreign(one)]


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


def find_absent_attempts(
    context: Context, repository: Repository, attempts: Iterable[Attempt]
) -> set[Attempt]:
    """Return the attempts that GitHub does not have either: some runs begin with their second."""

    def ask(attempt: Attempt) -> Attempt | None:
        run, number = attempt
        path = f"actions/runs/{run}/attempts/{number}?exclude_pull_requests=true"
        try:
            context.client.get(repository.path + path)
        except ApiError as problem:
            if not problem.is_gone:
                raise
            return attempt
        return None

    return {
        attempt
        for attempt in context.pool.spread(partial(ask, attempt) for attempt in attempts)
        if attempt
    }


def list_branches(context: Context, repository: Repository) -> dict[str, str | None] | None:
    """Return what each branch points at; None where the list would not stand still."""
    pages, is_whole = fetch_whole_list(context, repository)
    if not is_whole:
        return None
    return {str(one["name"]): str(one["commit"]["sha"]) for page in pages for one in page.body}


def list_commits(
    context: Context,
    repository: Repository,
    heads: dict[str, str | None],
    since: datetime,
    side: datetime | None,
) -> list[ListedCommit]:
    """Return the commits of the default branch since a time, and those of other branches.

    `side` None leaves the others out. Raises ApiError.
    """
    default = repository.default_branch
    head = heads.get(default)
    if head is None:
        return []
    commits = read_commit_list(
        context, repository, history_path(head, CommitDepth(None, since)), default
    )
    if side is None:
        return commits
    known = {commit.hash for commit in commits}
    others = {name: sha for name, sha in heads.items() if sha and sha not in known}
    tasks = (
        partial(list_side_commits, context, repository, head, name, sha)
        for name, sha in others.items()
    )
    for more in context.pool.spread(tasks):
        commits += [commit for commit in more if commit.time and commit.time >= side]
    return commits


def list_side_commits(
    context: Context, repository: Repository, base: str, name: str, head: str
) -> list[ListedCommit]:
    """Return the commits that a branch has and the default branch has not."""
    try:
        return read_commit_list(context, repository, f"compare/{base}...{head}?per_page=100", name)
    except ApiError as problem:
        if not problem.is_unknown_commit:
            raise
        return []  # it moved or went meanwhile, or shares no history: its head is asked for alone


def read_commit_list(
    context: Context, repository: Repository, path: str, branch: str
) -> list[ListedCommit]:
    """Return the commits of a list or of a comparison."""
    commits = []
    for page in fetch_pages(context.client, repository.path + path, know_nothing):
        listed: list[Json] = page.body["commits"] if isinstance(page.body, dict) else page.body
        for commit in listed:
            committer = (commit.get("commit") or {}).get("committer") or {}
            time = fields.moment(committer, "date", "commit.committer")
            commits.append(ListedCommit(str(commit["sha"]), time, branch))
    return commits
