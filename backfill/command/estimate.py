"""What a backfill would cost, before it begins: calls, those that are left, time."""

import math
import time
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.command.vendor_connection import VendorConnection
from backfill.http.errors import ApiError
from backfill.http.rate_limit import LEFT_TO_OTHERS, Budget
from backfill.pipeline.progress_bars import format_span
from backfill.records import ReadRange
from rows.counted import counted

USUAL_POINTS = 5000


def estimate_seconds(calls: int, per_minute: int, budget: Budget | None, now: float) -> float:
    """Return how long so many calls take within the vendor's limits; `now` as its end."""
    pace = calls / per_minute * 60
    if budget is None:
        return pace
    hourly = max(1, int(budget.limit * (1 - LEFT_TO_OTHERS)))
    ready = max(0, budget.remaining - int(budget.limit * LEFT_TO_OTHERS))
    if calls <= ready:
        return pace
    hours = math.ceil((calls - ready) / hourly)
    return max(pace, max(0.0, budget.reset - now) + (hours - 1) * 3600)


def usual_hour(now: float) -> Budget:
    """Return the hour of points that GitHub gives a key, until its first answer says otherwise."""
    return Budget(USUAL_POINTS, USUAL_POINTS, now + 3600)


class ReadingPlan(NamedTuple):
    """A line for each repository and one for all; whether each of them can be read."""

    lines: list[str]
    is_possible: bool


def plan_reading(
    connection: VendorConnection, engine: Engine | None, names: Iterable[str], read_range: ReadRange
) -> ReadingPlan:
    """Return what is to be read and what it costs. Raises ApiError for a bad key.

    Nothing is written; `engine` is None while there is no database.
    """
    client, vendor = connection.client, connection.vendor
    lines, is_possible = list[str](), True
    total = points = before = spent = finding = 0
    for name in names:
        finding += client.rate_limit.sent - spent
        try:
            cost = vendor.estimate_calls(client, engine, name, read_range)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            lines.append(f"{name}: {problem}")
            is_possible = False
            continue
        finally:
            spent = client.rate_limit.sent
        if cost.is_apart:
            total, finding = total + finding, 0
        total += cost.calls
        points, before = points + cost.points, before + (cost.calls_before or cost.calls)
        lines.append(
            f"{name}: {counted(cost.runs, 'run')}, {cost.stored:,} of them"
            f" {'is' if cost.stored == 1 else 'are'} stored: about {counted(cost.calls, 'call')}"
            + (f" and {counted(cost.points, 'point')} of GraphQL" if cost.points else "")
        )
    budget = client.rate_limit.budget
    now, per_minute = time.monotonic(), client.rules.per_minute
    seconds = estimate_seconds(total, per_minute, budget, now)
    lines.append(
        f"in all about {counted(total, 'call')}, {format_budget(budget)}: {format_span(seconds)}"
    )
    if points:
        own = f"{counted(points, 'point')} of GraphQL's own limit"
        first = estimate_seconds(before, per_minute, budget, now)
        first = max(first, estimate_seconds(points, per_minute, usual_hour(now), now))
        lines.append(
            f"by {own} all runs and jobs can be queried after {format_span(first)};"
            " REST adds waits, labels, runners and earlier attempts"
            if before < total
            else f"--quick: {own}, after {format_span(first)};"
            " waits, labels, runners and earlier attempts are left to another run"
        )
    return ReadingPlan(lines, is_possible)


def format_budget(budget: Budget | None) -> str:
    """Return what is left of the hour, in words."""
    if budget is None:
        return "no rate limit told"
    others = int(budget.limit * LEFT_TO_OTHERS)
    left = f"{budget.remaining:,} of {budget.limit:,} are left this hour"
    return f"{left}, {others:,} kept in reserve"
