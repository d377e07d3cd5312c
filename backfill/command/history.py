"""The command that reads history: GitHub is asked first, then the store is made ready."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.command import estimate
from backfill.command.arguments import Wish
from backfill.command.summary import table
from backfill.github import repositories
from backfill.github.context import Desk
from backfill.github.crawl import crawl
from backfill.http.client import Client
from backfill.http.errors import Problem
from backfill.http.rate_limit import Limits
from backfill.pipeline.database_outage import Patience, wait_for_connections
from backfill.pipeline.progress_bars import Show
from backfill.pipeline.thread_pool import Pool
from backfill.pipeline.writer import Writer
from config.settings import BadSetting, Settings
from config.watched import chosen
from engines.mysql import reading
from store import open
from store.open import CannotStart
from store.reads import for_backfill

NO_KEY = (
    "without a key GitHub allows 60 calls an hour instead of 5,000: give one with -k, or in "
    "GITHUB_TOKEN or GITHUB_TOKEN_FILE"
)


class Troubles:
    """What went wrong so far: it is said at once, and decides the exit code."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.told: list[str] = []

    def __call__(self, sentence: str) -> None:
        """Say it."""
        self.told.append(sentence)
        self.show.say(sentence)


class Github(NamedTuple):
    """GitHub, and what people see of it."""

    client: Client
    show: Show


def connect(settings: Settings, wish: Wish) -> Github:
    """Return GitHub, which answers and accepts the key. Raises CannotStart."""
    show = Show()
    limits = Limits(show.waiting, None)
    show.limits = limits
    client = Client(settings.github_api_url, settings.github_token, limits)
    try:
        client.get("/rate_limit", tries=2)
    except Problem as problem:
        if problem.status == 0:
            raise CannotStart(f"GITHUB_API_URL: {problem}") from problem
        if problem.status == 401:
            raise CannotStart(str(problem)) from problem
        # A server of one's own may have no limits, and answer 404.
    # That call is free at GitHub: it counts for nothing here either.
    limits.sent, limits.most = 0, wish.max_requests
    return Github(client, show)


def fill(settings: Settings, wish: Wish, *, install: bool) -> int:
    """Read what is wished into the store; return the exit code. Raises CannotStart."""
    if install and not settings.repos:
        return only_schema(settings)
    patterns = settings.repos or stored_names(settings)
    github = connect(settings, wish)
    with open.opened(settings, open.WORK) as engine:
        if done := open.schema(engine, settings, install=install):
            github.show.say(done)
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


def work(engine: Engine, github: Github, patterns: tuple[str, ...], wish: Wish) -> int:
    """Read every repository that is meant, and say what came of it."""
    troubles = Troubles(github.show)
    patience = Patience(github.show.say)
    wait_for_connections(engine, patience)
    writer, pool = Writer(engine, troubles, patience), Pool()
    desk = Desk(engine, github.client, pool, writer, github.show, troubles)
    try:
        names = repositories.names_of(github.client, chosen(patterns), troubles)
        crawl(desk, told_of_no_key(desk, names, wish), wish)
    finally:
        # What was handed over is stored, whatever ended the reading.
        github.client.limits.stop()
        pool.close()
        writer.close()
        github.show.end()
        print(table(writer.counts))
        print(f"{github.client.limits.sent} calls; {left(github)}")
    if troubles.told:
        print(f"not everything was read: {len(troubles.told)} problems, named above")
    return 1 if troubles.told else 0


def left(github: Github) -> str:
    """Return what is left of GitHub's limit, in words."""
    return estimate.left(github.client.limits.budget)


def told_of_no_key(desk: Desk, names: Iterator[str], wish: Wish) -> Iterator[str]:
    """Yield the names; without a key, say first what that means for the first of them."""
    for place, name in enumerate(names):
        if place == 0 and not desk.client.token:
            desk.show.say(f"{NO_KEY}; {how_long(desk, name, wish)}")
        yield name


def how_long(desk: Desk, name: str, wish: Wish) -> str:
    """Return how long a repository will take, in words."""
    try:
        return estimate.plan(desk.client, desk.engine, [name], wish).lines[-1]
    except Problem as problem:
        return str(problem)


def show_plan(settings: Settings, wish: Wish) -> int:
    """Print what a backfill would cost; nothing is written. Raises CannotStart."""
    patterns = settings.repos or stored_names(settings)
    github = connect(settings, wish)
    if not github.client.token:
        print(NO_KEY)
    with open.opened_if_there(settings, open.WORK) as engine:
        ready = engine if engine and open.age(engine) == "current" else None
        troubles: list[str] = []
        names = repositories.names_of(github.client, chosen(patterns), troubles.append)
        found = estimate.plan(github.client, ready, names, wish)
    print("\n".join([*troubles, *found.lines]))
    return 0 if found.is_possible and not troubles else 1
