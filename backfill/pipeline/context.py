"""What every part of a backfill works with, and what people see of it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer


class Reporter:
    """Tells people what goes on, from any thread; counts nothing and draws no bars by itself."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def say(self, sentence: str) -> None:
        """Say what people may want to know."""
        raise NotImplementedError

    def warn(self, sentence: str) -> None:
        """Say what somebody should act on."""
        self.say(sentence)

    def report(self, sentence: str) -> None:
        """Say what went wrong, and keep it in `problems`."""
        self.problems.append(sentence)
        self.warn(sentence)

    def waiting(self, why: str, until: datetime) -> None:
        """Say that nothing is asked for a while, and until when."""
        self.say(f"{why}: waiting until {until:%Y-%m-%d %H:%M:%S} UTC")

    def begin(self, name: str) -> None:
        """Start with a repository."""

    def expect(self, phase: str, total: int | None) -> None:
        """Say how much a phase has to do."""

    def advance(self, phase: str, count: int = 1) -> None:
        """Count what is done."""

    def end(self) -> None:
        """End with the repositories."""


class Context(NamedTuple):
    """The store, the vendor's API, the threads, what people are told, what could not be read."""

    engine: Engine
    client: Client
    pool: ThreadPool
    writer: Writer
    reporter: Reporter
    due: DueItems


def report_unread(context: Context, name: str, owner: object) -> None:
    """Report each item of a repository or a hook that is not read, as long as it is not."""
    for sentence in context.due.list_open(owner):
        context.reporter.report(f"{name}: {sentence}")


def report_refusal(context: Context, what: str, problem: ApiError) -> None:
    """Report a refusal; raise it again when it is not one thing's alone: the key is bad."""
    if problem.is_bad_key:
        raise problem
    context.reporter.report(f"{what}: {problem}")
