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
    lines, total, is_possible = list[str](), 0, True
    for name in names:
        try:
            calls, runs, stored = vendor.estimate_calls(client, engine, name, read_range)
        except ApiError as problem:
            if problem.is_bad_key:
                raise
            lines.append(f"{name}: {problem}")
            is_possible = False
            continue
        total += calls
        lines.append(f"{name}: {runs} runs, {stored} of them are stored: about {calls} calls")
    budget = client.rate_limit.budget
    seconds = estimate_seconds(total, client.rules.per_minute, budget, time.monotonic())
    lines.append(f"in all about {total} calls, {format_budget(budget)}: {format_span(seconds)}")
    return ReadingPlan(lines, is_possible)


def format_budget(budget: Budget | None) -> str:
    """Return what is left of the hour, in words."""
    if budget is None:
        return "no rate limit told"
    others = int(budget.limit * LEFT_TO_OTHERS)
    return f"{budget.remaining} of {budget.limit} are left this hour, {others} kept in reserve"
