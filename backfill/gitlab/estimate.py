"""What it takes to read a project: pages of pipelines and of jobs, and GraphQL for the rest."""

import math
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Engine

from backfill.gitlab.branches import PER_PAGE
from backfill.gitlab.job_lists import FEW, JOBS
from backfill.gitlab.newest_pipelines import (
    count_newest_children,
    find_job_page,
    find_oldest,
    since_of,
)
from backfill.gitlab.pipelines import LISTS
from backfill.gitlab.projects import CI, FILES, NAME, is_off
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.pipeline.api_objects import read_field, read_named, read_object
from backfill.records import EVERYTHING, Estimate, Json, ReadRange
from engines import reading
from rows import fields
from rows.gitlab.repo import provider_of
from store.reads import for_backfill
from store.state import backfill_progress

FIXED = 1
"""Calls of every project: itself."""
USUAL_JOBS = 8
SCHEDULED = "&source=schedule"
ANY = "{ currentUser { username } }"
"""Asks whether there is GraphQL."""


def estimate_calls(
    client: Client, engine: Engine | None, name: str, read_range: ReadRange
) -> Estimate:
    """Return what it takes to read a project; `engine` is None while there is no database.

    It is exact for a project that is read whole, but for its commits, of which one a pipeline is
    expected: GitLab counts none. Raises ApiError.
    """
    project = read_object(client.get(f"/projects/{quote(name, safe='')}").body, "project")
    gitid = read_field(fields.number, project, "id", "project")
    path = f"/projects/{gitid}/"
    has_ci, has_files = (not is_off(project, feature) for feature in (CI, FILES))
    listed = [count_list(client, path, read_range, source) for source in LISTS if has_ci]
    most, total = read_range.max_runs, sum(listed)
    runs = min(total, most or total)
    page, today = (fields.text(project, key, "project") or "" for key in ("web_url", NAME))
    stored = min(runs, count_stored(engine, provider_of(page, today), gitid))
    new = runs - stored
    lists = sum(count_pages(count, most) for count in listed)
    calls, commits = FIXED + lists, read_range.commits
    if has_files:
        calls += count_branch_calls(client, path, project, is_fresh=not stored)
    if has_files and project.get("default_branch"):
        calls += count_pages(runs, None if commits in (None, EVERYTHING) else commits)
    if new:
        children = count_newest_children(client, path, read_range, listed, new)
        shares = (new - children, children)
        is_whole = new == total and not read_range.last_time
        if new <= FEW:
            calls += new  # the jobs of each
        elif is_whole:
            calls += count_all_jobs(client, path, new)
        else:
            oldest = find_oldest(client, path, read_range, shares)
            calls += count_newest_jobs(client, path, new, oldest)
        calls += count_schedule_calls(client, path, read_range)
        calls += count_detail_calls(client, path, shares)
    return Estimate(calls, runs, stored, is_apart=True)


def count_pages(count: int, most: int | None = None) -> int:
    """Return the calls for a list: a full page has a next, unless `most` items are enough."""
    if most is not None and most <= count:
        return math.ceil(most / PER_PAGE)
    return count // PER_PAGE + 1


def count_all(client: Client, path: str) -> int | None:
    """Return how many items a list has, None where that is not told. Raises ApiError."""
    first = client.get(f"{path}{'&' if '?' in path else '?'}per_page=1")
    if first.pages > 1 or first.nextpage is None:
        return first.pages if read_items(first.body) else 0
    return None


def count_or(client: Client, path: str, other: int) -> int:
    """Return how many items a list has, and what else where that is not to be had."""
    try:
        count = count_all(client, path)
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        count = None
    return other if count is None else count


def count_branch_calls(client: Client, path: str, project: Json, *, is_fresh: bool) -> int:
    """Return the calls for branches, and at first for the heads that the default one has not."""
    first = client.get(f"{path}repository/branches?per_page={PER_PAGE}")
    branches = [one for one in read_items(first.body) if isinstance(one, dict)]
    heads = {
        commit.get("id")
        for branch in branches
        if isinstance(commit := branch.get("commit"), dict)
        and not (branch.get("merged") or branch.get("name") == project.get("default_branch"))
    }
    return first.pages + (len(heads) * first.pages if is_fresh else 0)


def count_all_jobs(client: Client, path: str, new: int) -> int:
    """Return the calls for the list of all jobs, which ends with an empty page."""
    guess = math.ceil(new * jobs_per_run(client, path))
    return math.ceil(count_or(client, f"{path}jobs", guess) / PER_PAGE) + 1


def count_newest_jobs(client: Client, path: str, new: int, oldest: datetime | None) -> int:
    """Return the calls for the list of all jobs down to those of a pipeline made at `oldest`."""
    guess = count_pages(math.ceil(new * jobs_per_run(client, path)))
    try:
        return find_job_page(client, path, oldest, guess) if oldest else guess
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        return guess  # GitLab gives no pages that are far down


def count_schedule_calls(client: Client, path: str, read_range: ReadRange) -> int:
    """Return the calls that find out which schedule made which pipeline, if one is wanted."""
    newest = [client.get(f"{path}pipelines?per_page=1{more}").body for more in ("", SCHEDULED)]
    first, last = (newest_number(read_named(body)[0]) for body in newest)
    is_cut = read_range.max_runs is not None and first - last >= read_range.max_runs
    scheduled = 0 if is_cut else count_list(client, path, read_range, SCHEDULED)
    if not scheduled:
        return 0
    return 1 + count_or(client, f"{path}pipeline_schedules", 0) + scheduled // PER_PAGE


def count_detail_calls(client: Client, path: str, new: Sequence[int]) -> int:
    """Return the calls for what lists leave out, of pipelines and of children.

    GraphQL gives it by the hundred; what of a CI file was wrong, and all of it where there is no
    GraphQL, takes a call or two of its own.
    """
    graph = Client(client.base.removesuffix("/v4"), client.token, client.rate_limit)
    try:
        answer = graph.send("POST", "/graphql", {"query": ANY}, tries=2).body
        is_there = isinstance(answer, dict) and "errors" not in answer
    except ApiError:
        is_there = False
    if not is_there:
        return 2 + 2 * sum(new)  # it is asked for a list, and by numbers
    broken = count_or(client, f"{path}pipelines?yaml_errors=true", 0)
    return broken + sum(math.ceil(count / PER_PAGE) for count in new)


def count_list(client: Client, path: str, read_range: ReadRange, source: str) -> int:
    """Return how many pipelines of a list are meant.

    A list that is too long to be counted has no more than the newest one's number says.
    """
    since = since_of(read_range)
    first = client.get(f"{path}pipelines?per_page=1{since}{source}")
    newest: list[Json] = read_named(first.body)[0]
    if first.pages > 1 or first.nextpage is None:
        return first.pages if newest else 0
    numbers = [newest_number(newest)]
    if since:
        before = since.replace("created_after", "created_before")
        older = client.get(f"{path}pipelines?per_page=1{before}{source}").body
        numbers.append(newest_number(read_named(older)[0]))
    return max(1, numbers[0] - sum(numbers[1:]))


def newest_number(newest: list[Json]) -> int:
    """Return the number of the one pipeline that was listed: each has the next."""
    return next((one["iid"] for one in newest if isinstance(one.get("iid"), int)), 0)


def jobs_per_run(client: Client, path: str) -> float:
    """Return how many jobs a pipeline has, by the newest hundred jobs."""
    try:
        jobs = read_items(client.get(path + JOBS).body)
    except ApiError as problem:
        if problem.is_bad_key:
            raise
        return USUAL_JOBS
    runs = [one["pipeline"].get("id") for one in jobs if isinstance(one.get("pipeline"), dict)]
    return len(runs) / len({*runs}) if runs else USUAL_JOBS


def count_stored(engine: Engine | None, provider: str, gitid: int) -> int:
    """Return how many pipelines of a project are read to their end."""
    if engine is None:
        return 0
    with reading(engine).connect() as connection:
        repoid = for_backfill.find_repository_id(connection, provider, gitid)
        return 0 if repoid is None else backfill_progress.count_done(connection, repoid)
