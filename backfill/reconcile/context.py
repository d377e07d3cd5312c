"""What the parts of a cycle work with, and what a refusal means to them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import App, Webhook

BAD_KEY = 401


class Wanted(NamedTuple):
    """What a cycle is to keep whole: `-r` as given, for how many days we keep deliveries, the
    folder in which they wait for the database, and the GitHub App that sends them, if one does."""

    patterns: tuple[str, ...]
    retention_days: int
    spool: Path | None = None
    app: App | None = None


class Work(NamedTuple):
    """What the parts of a cycle work with; `hook_lists` are those it has asked for."""

    context: Context
    wanted: Wanted
    now: datetime
    sending: set[int]
    heard: set[str]
    hook_lists: dict[str, list[Webhook] | None]


def tell(context: Context, what: str, problem: ApiError) -> None:
    """Tell of a problem; raise it again when it is not one thing's alone."""
    if problem.status == BAD_KEY:
        raise problem
    context.report(f"{what}: {problem}")
