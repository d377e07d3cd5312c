"""What it takes to read a repository: as many requests as its runs, and those for the lists."""

import math

from sqlalchemy import Engine

from backfill.github.windows import CAP, PER_PAGE, format_time
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_body import read_total
from backfill.pipeline.api_objects import read_field, read_object
from backfill.pipeline.context import Context
from backfill.records import EVERYTHING, EXACT, QUICK, Estimate, ReadRange, Repository
from engines import reading
from rows import fields
from rows.sources import source_of
from store.reads import for_backfill
from store.state import backfill_progress

WORTH_SEEDING = 100
"""Runs; the jobs of fewer are read by REST in some seconds, so GraphQL is not asked."""
USUAL_JOBS = 9
"""Of a run, and one in nine of them failed, whose annotations are asked for, too."""
FIXED = 5
"""Calls of every repository: itself, workflows, the newest run before and after, commits."""


def estimate_calls(
    client: Client, engine: Engine | None, name: str, read_range: ReadRange
) -> Estimate:
    """Return what it takes to read a repository; `engine` is None while there is no database.

    Raises ApiError.
    """
    repository = read_object(client.get(f"/repos/{name}").body, "repository")
    path = f"/repos/{read_field(fields.text, repository, 'full_name', 'repository')}/"
    since = f"&created={format_time(read_range.last_time)}..*" if read_range.last_time else ""
    newest = client.get(f"{path}actions/runs?exclude_pull_requests=true&per_page=1{since}")
    runs = read_total(newest.body)
    if read_range.max_runs is not None:
        runs = min(runs, read_range.max_runs)
    page = fields.text(repository, "html_url", "repository") or ""
    provider = source_of("github").provider_of(page)
    gitid = read_field(fields.number, repository, "id", "repository")
    stored = min(runs, count_stored(engine, provider, gitid))
    branches = client.get(f"{path}branches?per_page={PER_PAGE}")
    commits = read_range.commits or 0
    if commits == EVERYTHING:
        commits = count_commits(client, path)
    lists = branches.pages + math.ceil(commits / PER_PAGE)
    calls, left = FIXED + lists + calls_for_runs(runs - stored), runs - stored
    if read_range.by == EXACT or not client.token:
        return Estimate(calls, runs, stored)
    if read_range.by == QUICK:
        return Estimate(calls - left, runs, stored, points_for_runs(left), calls - left)
    if left < WORTH_SEEDING:
        return Estimate(calls, runs, stored)
    return Estimate(calls, runs, stored, points_for_runs(left), calls - left)


def points_for_runs(runs: int) -> int:
    """Return how many points of GraphQL so many runs take: a point for 100 runs, or 100 jobs."""
    return math.ceil(runs / PER_PAGE) + math.ceil(runs * USUAL_JOBS / PER_PAGE)


def announce_totals(
    context: Context, repository: Repository, total: int | None, read_range: ReadRange
) -> int:
    """Tell the bars how much there is to do; what is new since the last time is not known.

    Returns how many runs are to be read at most.
    """
    with reading(context.engine).connect() as connection:
        done = backfill_progress.count_done(connection, repository.repoid)
    left = max(0, (total or 0) - done)
    if read_range.last_time:
        total = None
    if total is not None and read_range.max_runs is not None:
        total = min(total, read_range.max_runs)
    context.reporter.expect("runs", total)
    context.reporter.expect("jobs", None if total is None else max(0, total - done))
    return min(left, read_range.max_runs or left)


def calls_for_runs(runs: int) -> int:
    """Return how many calls so many runs take: a call each for its jobs, and the lists."""
    halved = max(0, 2 * math.ceil(runs / (CAP * 0.7)) - 1) if runs >= CAP else 0
    return runs + math.ceil(runs / PER_PAGE) + halved


def count_commits(client: Client, path: str) -> int:
    """Return how many commits the default branch has."""
    try:
        return client.get(f"{path}commits?per_page=1").pages
    except ApiError:
        return 0


def count_stored(engine: Engine | None, provider: str, gitid: int) -> int:
    """Return how many runs of a repository are read to their end."""
    if engine is None:
        return 0
    with reading(engine).connect() as connection:
        repoid = for_backfill.find_repository_id(connection, provider, gitid)
        return 0 if repoid is None else backfill_progress.count_done(connection, repoid)
