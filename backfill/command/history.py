"""The command that reads history: the vendor is asked first, then the store is made ready."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from backfill.command import estimate, summary
from backfill.command.arguments import choose_patterns
from backfill.command.crawl import crawl
from backfill.command.vendor_connection import (
    VendorConnection,
    close_context,
    connect,
    open_context,
)
from backfill.http.errors import ApiError
from backfill.pipeline.database_outage import wait_for_connections
from backfill.records import ReadRange
from backfill.watched_repositories import list_meant
from config.settings import USUAL, Settings
from config.watch import watch
from rows.one_line import one_line
from store import open


def read_history(settings: Settings, read_range: ReadRange, *, install: bool) -> int:
    """Read what is asked for into the store; return the exit code. Raises CannotStart."""
    if install and not settings.repos:
        return install_schema(settings)
    with open.opened_if_there(settings, open.WORK) as engine_if_there:
        patterns = choose_patterns(settings, engine_if_there)
    connection = connect(settings, read_range.max_requests)
    with open.opened(settings, open.WORK) as engine:
        if done := open.schema(engine, settings, install=install):
            connection.reporter.say(done)
        code, since = read_repositories(engine, connection, patterns, read_range)
    prefix = "" if settings.vendor == USUAL else f"{settings.vendor}:"
    named = [f"{prefix}{pattern}" for pattern in patterns]
    print(summary.describe_next(named, since, is_whole=not code))
    return code


def install_schema(settings: Settings) -> int:
    """Create or upgrade the schema, and nothing else."""
    with open.opened(settings, open.WORK) as engine:
        done = open.schema(engine, settings, install=True)
    if done is None:  # but its views: who was killed, or refused them, left older ones
        refused = open.make_views_anew(settings)
        left = f"; its views are left as they are: {refused}" if refused else ""
        done = f"the schema is up to date{left}"
    print(done)
    return 0


def read_repositories(
    engine: Engine, connection: VendorConnection, patterns: tuple[str, ...], read_range: ReadRange
) -> tuple[int, datetime | None]:
    """Read every repository that is meant, and say what came of it.

    Return the exit code, and since when all runs are read where older ones were left out.
    """
    client, reporter = connection.client, connection.reporter
    context = open_context(engine, connection)
    wait_for_connections(engine, context.writer.patience)
    try:
        watched = watch(patterns)
        listed = connection.vendor.list_names(client, watched, reporter.report)
        names = list_meant(engine, connection.vendor, listed, watched)
        names = explain_missing_key(engine, connection, names, read_range)
        since = crawl(context, connection.vendor, names, read_range)
    finally:
        close_context(context)
        print(summary.format_counts(context.writer.counts))
        sent = client.rate_limit.sent
        print(f"{sent} call{'s' * (sent != 1)}; {estimate.format_budget(client.rate_limit.budget)}")
    if reporter.problems:
        count = len(reporter.problems)
        many = "problem" if count == 1 else "problems"
        print(f"not everything was read: {count} {many}, named above")
    return (1 if reporter.problems else 0), since


def explain_missing_key(
    engine: Engine, connection: VendorConnection, names: Iterator[str], read_range: ReadRange
) -> Iterator[str]:
    """Yield the names; without a key, say first what that means for the first of them."""
    for place, name in enumerate(names):
        if place == 0 and not connection.client.token:
            try:
                plan = estimate.plan_reading(connection, engine, [name], read_range)
                how_long = plan.lines[-1]
            except ApiError as problem:
                how_long = str(problem)
            connection.reporter.say(f"{connection.vendor.NO_KEY}; {how_long}")
        yield name


def show_plan(settings: Settings, read_range: ReadRange) -> int:
    """Print what a backfill would cost; nothing is written. Raises CannotStart."""
    with open.opened_if_there(settings, open.WORK) as engine:
        patterns = choose_patterns(settings, engine)
        connection = connect(settings, read_range.max_requests)
        if not connection.client.token:
            print(connection.vendor.NO_KEY)
        usable = engine if engine and open.age(engine) == "current" else None
        problems = list[str]()
        names = connection.vendor.list_names(connection.client, watch(patterns), problems.append)
        plan = estimate.plan_reading(connection, usable, names, read_range)
    print("\n".join(map(one_line, [*problems, *plan.lines])))
    return 0 if plan.is_possible and not problems else 1
