"""What every part of a backfill works with, and what people see of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer


class Reporter(Protocol):
    """Tells people what goes on: bars on a terminal, lines in a log."""

    def begin(self, name: str) -> None:
        """Start with a repository."""

    def expect(self, phase: str, total: int | None) -> None:
        """Say how much a phase has to do."""

    def advance(self, phase: str, count: int = 1) -> None:
        """Count what is done."""

    def say(self, sentence: str) -> None:
        """Say what people may want to know."""

    def warn(self, sentence: str) -> None:
        """Say what somebody should act on."""

    def waiting(self, why: str, until: datetime) -> None:
        """Say that nothing is asked for a while, and until when."""

    def end(self) -> None:
        """End with the repositories."""


class Context(NamedTuple):
    """The store, the vendor's API, the threads; `report` is told what went wrong, in a sentence."""

    engine: Engine
    client: Client
    pool: ThreadPool
    writer: Writer
    reporter: Reporter
    report: Callable[[str], None]


def report_refusal(context: Context, what: str, problem: ApiError) -> None:
    """Report a refusal; raise it again when it is not one thing's alone: the key is bad."""
    if problem.is_bad_key:
        raise problem
    context.report(f"{what}: {problem}")
