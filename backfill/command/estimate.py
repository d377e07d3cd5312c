"""What a backfill would cost, before it begins: calls, those that are left, time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.command.arguments import EVERYTHING, Wish
from backfill.github.windows import CAP, PER_PAGE, stamp
from backfill.http.client import Client
from backfill.http.errors import Problem
from backfill.http.rate_limit import LEFT_TO_OTHERS, POINTS, Budget
from backfill.pipeline.progress_bars import span
from engines.mysql import reading
from rows.github.repo import provider_of
from store.reads import for_backfill
from store.state import backfill_progress

FIXED = 5
"""Calls of every repository: itself, workflows, the newest run before and after, commits."""


def calls_for_runs(runs: int) -> int:
    """Return how many calls so many runs take: a call each for its jobs, and the lists."""
    halved = max(0, 2 * math.ceil(runs / (CAP * 0.7)) - 1) if runs >= CAP else 0
    return runs + math.ceil(runs / PER_PAGE) + halved


def seconds_for(calls: int, budget: Budget | None, now: float) -> float:
    """Return how long so many calls take within GitHub's limits."""
    pace = calls / POINTS * 60
    if budget is None:
        return pace
    hourly = max(1, int(budget.limit * (1 - LEFT_TO_OTHERS)))
    ready = max(0, budget.remaining - int(budget.limit * LEFT_TO_OTHERS))
    if calls <= ready:
        return pace
    hours = math.ceil((calls - ready) / hourly)
    return max(pace, max(0.0, budget.reset - now) + (hours - 1) * 3600)


class Plan(NamedTuple):
    """A line for each repository and one for all; whether each of them can be read."""

    lines: list[str]
    is_possible: bool


def plan(client: Client, engine: Engine | None, names: Iterable[str], wish: Wish) -> Plan:
    """Return what is to be read and what it costs.

    Nothing is written; `engine` is None while there is no database.
    """
    lines, total, is_possible = list[str](), 0, True
    for name in names:
        try:
            calls, runs, done = estimate(client, engine, name, wish)
        except Problem as problem:
            if problem.status == 401:
                raise
            lines.append(f"{name}: {problem}")
            is_possible = False
            continue
        total += calls
        lines.append(f"{name}: {runs} runs, {done} of them are stored: about {calls} calls")
    budget, now = client.limits.budget, datetime.now().timestamp()
    lines.append(
        f"in all about {total} calls, {left(budget)}: {span(seconds_for(total, budget, now))}"
    )
    return Plan(lines, is_possible)


def left(budget: Budget | None) -> str:
    """Return what is left of the hour, in words."""
    if budget is None:
        return "as many as the server allows"
    others = int(budget.limit * LEFT_TO_OTHERS)
    return f"{budget.remaining} of {budget.limit} are left this hour, {others} stay for others"


def estimate(client: Client, engine: Engine | None, name: str, wish: Wish) -> tuple[int, int, int]:
    """Return the calls a repository takes, its runs, and how many are stored. Raises Problem."""
    repository = client.get(f"/repos/{name}").body
    path = f"/repos/{repository['full_name']}/"
    since = f"&created={stamp(wish.last_time)}..*" if wish.last_time else ""
    listed = client.get(f"{path}actions/runs?exclude_pull_requests=true&per_page=1{since}")
    runs = int(listed.body["total_count"])
    if wish.max_runs is not None:
        runs = min(runs, wish.max_runs)
    provider = provider_of(repository.get("html_url"))
    done = min(runs, stored_runs(engine, provider, int(repository["id"])))
    branches = client.get(f"{path}branches?per_page={PER_PAGE}")
    commits = wish.commits or 0
    if commits == EVERYTHING:
        commits = commits_of(client, path)
    lists = branches.pages + math.ceil(commits / PER_PAGE)
    return FIXED + lists + calls_for_runs(runs - done), runs, done


def commits_of(client: Client, path: str) -> int:
    """Return how many commits the default branch has."""
    try:
        return client.get(f"{path}commits?per_page=1").pages
    except Problem:
        return 0


def stored_runs(engine: Engine | None, provider: str, gitid: int) -> int:
    """Return how many runs of a repository are read to their end."""
    if engine is None:
        return 0
    with reading(engine).connect() as connection:
        repoid = for_backfill.repository_id(connection, provider, gitid)
        return 0 if repoid is None else backfill_progress.count_done(connection, repoid)
