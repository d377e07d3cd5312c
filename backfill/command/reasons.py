"""`--reasons`: read why jobs failed, and again where that was read by older rules."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.command import estimate
from backfill.command.arguments import choose_patterns, parse_count, parse_flag
from backfill.command.vendor_connection import (
    VendorConnection,
    close_context,
    connect,
    open_context,
)
from backfill.http.errors import ApiError
from backfill.log_times import failed_jobs_since, is_on_its_way
from backfill.pipeline.context import Context, report_refusal, report_unread
from backfill.pipeline.database_outage import wait_for_connections
from backfill.records import Repository
from backfill.vendors import chosen_vendor, vendor_of
from backfill.watched_repositories import list_meant, look_up, tell_gone
from config.settings import BadSetting, Settings
from config.times import read_past_time
from config.watch import watch
from engines import database_time, reading
from engines.transaction import transact
from rows.counted import counted
from rows.fingerprint import REVISION
from store import open
from store.deliveries.table import now
from store.state import failures, notes, older_fingerprints
from store.state.failures import CHANGED, KEPT, SAME, FailedJob, FailedJobFilter, Place

NOTE = "reasons"
FORGOTTEN = timedelta(days=1)
"""A reading that was stopped longer ago begins anew."""
PAGE = 200
SILENT, EARLY, UNREAD = "silent", "early", "unread"
NO_KEY = "logs are read with a key only: -k, or one in a file"


class ReasonsRequest(NamedTuple):
    """What the flags ask: jobs created since then, and what names the request."""

    since: datetime
    max_requests: int | None
    name: list[str]


class Progress(NamedTuple):
    """How far a reading came: repositories that are done, and the last job of the one that is not.

    Kept in the store after each job, so that the same command goes on there.
    """

    done: tuple[int, ...] = ()
    repoid: int | None = None
    last: Place | None = None


def parse_reasons_request(
    given: Mapping[str, Any], settings: Settings, now: datetime
) -> ReasonsRequest:
    """Return what the flags ask. Raises BadSetting."""
    vendor = chosen_vendor(settings)
    since = parse_flag(given, "since", lambda text: read_past_time(text, now))
    most = parse_flag(given, "max_requests", parse_count)
    if not settings.source.token:
        raise BadSetting(vendor.KEY, NO_KEY)
    name = [str(REVISION), given.get("since") or "", *settings.repos]
    return ReasonsRequest(since or now - vendor.REASONS_FOR, most, name)


def read_reasons(settings: Settings, request: ReasonsRequest, *, install: bool) -> int:
    """Read why jobs failed, print what came of it and return the exit code.

    0: all were read; 1: some were not. Raises CannotStart, BadSetting, BudgetSpent, ApiError.
    """
    with open.opened_existing(settings, open.WORK, "no failed job to read of") as engine:
        patterns = choose_patterns(settings, engine)
        connection = connect(settings, request.max_requests)
        if done := open.schema(engine, settings, install=install):
            connection.reporter.say(done)
        return read_all(engine, connection, patterns, request)


def read_all(
    engine: Engine,
    connection: VendorConnection,
    patterns: tuple[str, ...],
    request: ReasonsRequest,
) -> int:
    """Read the reasons of every repository that is meant; return the exit code."""
    client, reporter = connection.client, connection.reporter
    context = open_context(engine, connection)
    wait_for_connections(engine, context.writer.patience)
    outcomes = Counter[str]()
    try:
        while not older_fingerprints.renew_fingerprints(engine, 5):
            pass
        progress = read_progress(engine, request)
        if progress != Progress():
            reporter.say("going on where it was stopped")
        for repository in find_repositories(context, connection, patterns):
            if repository.repoid not in progress.done:
                progress = read_repository(context, repository, request, progress, outcomes)
        transact(engine, lambda c: notes.put(c, "", NOTE, None))
    finally:
        close_context(context)
        print(format_outcomes(outcomes))
        budget = estimate.format_budget(client.rate_limit.budget)
        print(f"{counted(client.rate_limit.sent, 'call')}; {budget}")
    if reporter.problems:
        print(f"not everything was read: {counted(len(reporter.problems), 'problem')}, named above")
    return 1 if reporter.problems else 0


def find_repositories(
    context: Context, connection: VendorConnection, patterns: tuple[str, ...]
) -> Iterator[Repository]:
    """Yield the repositories that are meant, once each, as they are called today."""
    reporter, watched = context.reporter, watch(patterns)
    listed = connection.vendor.list_names(context.client, watched, reporter.report)
    met = set[int]()
    for name in list_meant(context.engine, connection.vendor, listed, watched):
        try:
            answers = list(look_up(context, connection.vendor, name, now()))
        except ApiError as problem:
            report_refusal(context, name, problem)
            continue
        for repository in tell_gone(answers, reporter.say, reporter.report):
            if repository.repoid not in met:
                met.add(repository.repoid)
                yield repository


def read_repository(
    context: Context,
    repository: Repository,
    request: ReasonsRequest,
    progress: Progress,
    outcomes: Counter[str],
) -> Progress:
    """Read the reasons of a repository's failed jobs, the latest first; return how far it came."""
    begin = progress.last if progress.repoid == repository.repoid else None
    wanted = failed_jobs_since([repository.repoid], request.since, now())
    reporter = context.reporter
    reporter.begin(repository.name)
    with reading(context.engine).connect() as connection:
        reporter.expect(NOTE, failures.count_failed(connection, wanted, begin))
    try:
        for last, job in list_jobs(context.engine, wanted, begin):
            outcomes[read_job(context, repository, job)] += 1
            reporter.advance(NOTE)
            write_progress(
                context.engine, request, progress._replace(repoid=repository.repoid, last=last)
            )
    except ApiError as problem:
        report_refusal(context, f"{repository.name}: reasons of failed jobs", problem)
        return progress
    finally:
        reporter.end()
        report_unread(context, repository.name, repository.repoid)
    progress = Progress((*progress.done, repository.repoid))
    write_progress(context.engine, request, progress)
    return progress


def list_jobs(
    engine: Engine, wanted: FailedJobFilter, last: Place | None
) -> Iterator[tuple[Place, FailedJob]]:
    """Yield failed jobs, the latest first, a few in memory at a time."""
    while True:
        with reading(engine).connect() as connection:
            page = failures.list_failed(connection, wanted, last, PAGE)
        if not page:
            return
        yield from page
        last = page[-1][0]


def read_job(context: Context, repository: Repository, job: FailedJob) -> str:
    """Read one job's reasons and store them; return what came of it.

    Raises ApiError for what is refused of all jobs alike.
    """
    vendor, item = vendor_of(repository.provider), f"job {job.jobgitid}: log and annotations"
    ask = partial(
        vendor.read_job_reasons, context.client, repository.name, job, context.reporter.report
    )
    home = repository.path.rstrip("/")
    context.due.forget(repository.repoid, item)  # a person asks: now
    messages = context.due.read(context.client, repository.repoid, item, home, ask)
    if messages is None:
        return UNREAD
    if messages[0].absence == "gone" and is_on_its_way(job.time, now()):
        return EARLY
    outcome = failures.replace_reasons(context.engine, job, messages)
    return SILENT if outcome == CHANGED and messages[0].message is None else outcome


def format_outcomes(outcomes: Counter[str]) -> str:
    """Return in a sentence what came of a reading."""
    parts = (
        (CHANGED, "says", "say", "something new"),
        (SAME, "says", "say", "the same"),
        (KEPT, "keeps", "keep", "what was read before: no log can be read any more"),
        (SILENT, "has", "have", "no message"),
        (EARLY, "has", "have", "no log yet: less than an hour ago it went on"),
        (UNREAD, "could", "could", "not be read"),
    )
    told = [
        f"{counted(outcomes[name], does, do)} {what}"
        for name, does, do, what in parts
        if outcomes[name]
    ]
    whole = counted(outcomes.total(), "failed job was asked for", "failed jobs were asked for")
    return "; ".join([whole, *told])


def read_progress(engine: Engine, request: ReasonsRequest) -> Progress:
    """Return how far the same request came before it was stopped."""
    with reading(engine).connect() as connection:
        note, clock = notes.get(connection, "", NOTE), database_time(connection)
    if note is None or not note.value or abs(clock - note.time) > FORGOTTEN:
        return Progress()
    stored = json.loads(note.value)
    if stored["name"] != request.name:
        return Progress()
    last = stored["last"]
    place = (datetime.fromisoformat(last[0]), last[1]) if last else None
    return Progress(tuple(stored["done"]), stored["repoid"], place)


def write_progress(engine: Engine, request: ReasonsRequest, progress: Progress) -> None:
    """Keep how far it came."""
    last = progress.last and (progress.last[0].isoformat(), progress.last[1])
    text = json.dumps({**progress._asdict(), "last": last, "name": request.name})
    transact(engine, lambda c: notes.put(c, "", NOTE, text))
