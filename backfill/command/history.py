"""The command that reads history: GitHub is asked first, then the store is made ready."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.command import estimate
from backfill.command.crawl import crawl
from backfill.command.summary import table
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry, wait_for_connections
from backfill.pipeline.progress_bars import ProgressBars
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.records import ReadRange
from backfill.vendors import Vendor, chosen_vendor
from config.settings import BadSetting, Settings
from config.watch import watch
from engines import reading
from store import open
from store.open import CannotStart
from store.reads import for_backfill


class Troubles:
    """What went wrong so far: it is said at once, and decides the exit code."""

    def __init__(self, reporter: ProgressBars) -> None:
        self.reporter = reporter
        self.told: list[str] = []

    def __call__(self, sentence: str) -> None:
        """Say it."""
        self.told.append(sentence)
        self.reporter.say(sentence)


class Connection(NamedTuple):
    """A vendor that answers and accepts the key, and what people see of the work."""

    vendor: Vendor
    client: Client
    reporter: ProgressBars


def connect(settings: Settings, max_requests: int | None) -> Connection:
    """Return the vendor that the settings name, asked whether it answers. Raises CannotStart."""
    vendor, reporter = chosen_vendor(settings), ProgressBars()
    client = vendor.open_client(settings, reporter.waiting)
    reporter.limits = client.rate_limit
    try:
        vendor.check_key(client, tries=2)
    except ApiError as problem:
        if problem.status == 0:
            raise CannotStart(f"{vendor.ADDRESS}: {problem}") from problem
        if problem.status == 401:
            raise CannotStart(str(problem)) from problem
    client.rate_limit.most = max_requests
    return Connection(vendor, client, reporter)


def fill(settings: Settings, wish: ReadRange, *, install: bool) -> int:
    """Read what is wished into the store; return the exit code. Raises CannotStart."""
    if install and not settings.repos:
        return only_schema(settings)
    patterns = settings.repos or stored_names(settings)
    github = connect(settings, wish.max_requests)
    with open.opened(settings, open.WORK) as engine:
        if done := open.schema(engine, settings, install=install):
            github.reporter.say(done)
        return work(engine, github, patterns, wish)


def stored_names(settings: Settings) -> tuple[str, ...]:
    """Return the repositories that are stored: they are meant where none is named.

    Raises BadSetting where there is none.
    """
    names: list[str] = []
    with open.opened_if_there(settings, open.WORK) as engine:
        if engine is not None and open.age(engine) != "empty":
            with reading(engine).connect() as connection:
                names = for_backfill.repository_names(connection)
    if not names:
        raise BadSetting("-r", "name a repository: -r org/repo (none is stored yet)")
    return tuple(names)


def only_schema(settings: Settings) -> int:
    """Create or upgrade the schema, and nothing else."""
    with open.opened(settings, open.WORK) as engine:
        print(open.schema(engine, settings, install=True) or "the schema is up to date")
    return 0


def work(engine: Engine, github: Connection, patterns: tuple[str, ...], wish: ReadRange) -> int:
    """Read every repository that is meant, and say what came of it."""
    troubles = Troubles(github.reporter)
    patience = OutageRetry(github.reporter.say)
    wait_for_connections(engine, patience)
    writer, pool = Writer(engine, troubles, patience), ThreadPool()
    context = Context(engine, github.client, pool, writer, github.reporter, troubles)
    try:
        names = github.vendor.list_names(github.client, watch(patterns), troubles)
        crawl(context, github.vendor, told_of_no_key(github, context, names, wish), wish)
    finally:
        # What was handed over is stored, whatever ended the reading.
        github.client.rate_limit.stop()
        pool.close()
        writer.close()
        github.reporter.end()
        print(table(writer.counts))
        print(f"{github.client.rate_limit.sent} calls; {left(github)}")
    if troubles.told:
        print(f"not everything was read: {len(troubles.told)} problems, named above")
    return 1 if troubles.told else 0


def left(github: Connection) -> str:
    """Return what is left of GitHub's limit, in words."""
    return estimate.left(github.client.rate_limit.budget)


def told_of_no_key(
    github: Connection, context: Context, names: Iterator[str], wish: ReadRange
) -> Iterator[str]:
    """Yield the names; without a key, say first what that means for the first of them."""
    for place, name in enumerate(names):
        if place == 0 and not context.client.token:
            context.reporter.say(
                f"{github.vendor.NO_KEY}; {how_long(github, context.engine, name, wish)}"
            )
        yield name


def how_long(github: Connection, engine: Engine, name: str, wish: ReadRange) -> str:
    """Return how long a repository will take, in words."""
    try:
        return estimate.plan(github.client, github.vendor, engine, [name], wish).lines[-1]
    except ApiError as problem:
        return str(problem)


def show_plan(settings: Settings, wish: ReadRange) -> int:
    """Print what a backfill would cost; nothing is written. Raises CannotStart."""
    patterns = settings.repos or stored_names(settings)
    github = connect(settings, wish.max_requests)
    if not github.client.token:
        print(github.vendor.NO_KEY)
    with open.opened_if_there(settings, open.WORK) as engine:
        ready = engine if engine and open.age(engine) == "current" else None
        troubles: list[str] = []
        names = github.vendor.list_names(github.client, watch(patterns), troubles.append)
        found = estimate.plan(github.client, github.vendor, ready, names, wish)
    print("\n".join([*troubles, *found.lines]))
    return 0 if found.is_possible and not troubles else 1
