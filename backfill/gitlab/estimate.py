"""What it takes to read a project: pages of pipelines and of jobs, and GraphQL for the rest."""

import math
from urllib.parse import quote

from sqlalchemy import Engine

from backfill.gitlab.branches import PER_PAGE
from backfill.gitlab.job_lists import JOBS
from backfill.gitlab.pipelines import LISTS
from backfill.gitlab.projects import NAME
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.pipeline.api_objects import read_field, read_named, read_object
from backfill.records import EVERYTHING, Estimate, Json, ReadRange
from engines import reading
from rows import fields
from rows.sources import source_of
from store.reads import for_backfill
from store.state import backfill_progress

FIXED, SCHEDULES = 3, 3
"""Calls of every project: version, itself twice; its schedules with what is new."""
USUAL_JOBS = 8


def estimate_calls(
    client: Client, engine: Engine | None, name: str, read_range: ReadRange
) -> Estimate:
    """Return what it takes to read a project; `engine` is None while there is no database.

    Raises ApiError.
    """
    project = read_object(client.get(f"/projects/{quote(name, safe='')}").body, "project")
    gitid = read_field(fields.number, project, "id", "project")
    path = f"/projects/{gitid}/"
    listed = [count_list(client, path, read_range, source) for source in LISTS]
    runs = min(sum(listed), read_range.max_runs or sum(listed))
    page, today = (fields.text(project, key, "project") or "" for key in ("web_url", NAME))
    provider = source_of("gitlab").provider_of(page.removesuffix(f"/{today}") or page)
    stored = min(runs, count_stored(engine, provider, gitid))
    new = runs - stored
    jobs = math.ceil(new * jobs_per_run(client, path) / PER_PAGE)
    branches = client.get(f"{path}repository/branches?per_page={PER_PAGE}").pages
    commits = read_range.commits
    walked = runs if commits in (None, EVERYTHING) else commits
    counts = (*(min(count, runs) for count in listed), walked or 0)
    lists = sum(count // PER_PAGE + 1 for count in counts)  # a full page has a next
    completed = math.ceil(new / PER_PAGE) + SCHEDULES if new else 0
    return Estimate(FIXED + lists + jobs + completed + branches, runs, stored)


def count_list(client: Client, path: str, read_range: ReadRange, source: str) -> int:
    """Return how many pipelines of a list are meant.

    A list that is too long to be counted has no more than the newest one's number says.
    """
    since = ""
    if read_range.last_time:
        since = f"&created_after={read_range.last_time:%Y-%m-%dT%H:%M:%SZ}"
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
