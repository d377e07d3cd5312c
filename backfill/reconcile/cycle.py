"""One cycle of the reconciler: whatever GitHub has and the store has not, by three ways.

The lists come first. They tell in one request per run what its deliveries tell in twenty, so that
after a day's outage the tables are whole in minutes; the hook's log then gives what lists do not
have, pushes first.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context, report_refusal
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.reconcile.after_lists import follow_up
from backfill.reconcile.cycle_context import CycleContext, CycleSettings
from backfill.reconcile.missed_deliveries import find_hooks, recover_from_hooks
from backfill.reconcile.reporter import CycleReporter
from backfill.records import Repository
from backfill.watched_repositories import list_meant, look_up, tell_gone
from config.watch import watch
from engines import reading
from engines.transaction import transact
from rows.counted import counted
from store.deliveries import received
from store.doors.outcomes import UNCHANGED
from store.state import notes, older_fingerprints
from store.write import renames

THREADS = 8
LAST_DAY = timedelta(days=1)
MASKING_SECONDS = 3.0
"""Of a cycle, for messages that an older revision masked: about 5,000 of them."""


class CycleOutcome(NamedTuple):
    """What came of a cycle: rows that were not as GitHub has them, deliveries that were lacking.

    `is_more` where something is left for the next; `is_fed` where a hook sends us everything.
    """

    changed: int
    recovered: int
    is_more: bool
    is_fed: bool
    troubles: tuple[str, ...]


def run_cycle(
    engine: Engine,
    client: Client,
    reporter: CycleReporter,
    settings: CycleSettings,
    now: datetime,
    *,
    first: bool,
) -> CycleOutcome:
    """Bring the store to what GitHub has at `now` (UTC without zone).

    The `first` cycle of a process reads the last day of every repository before anything older.
    Raises ApiError when GitHub does not accept the key, SQLAlchemyError when the database fails,
    RequestsStopped when the process ends.
    """
    reporter.begin_cycle()
    pool = ThreadPool(THREADS)
    writer = Writer(engine, reporter.report, OutageRetry(reporter.say))
    context = Context(engine, client, pool, writer, reporter, DueItems(engine))
    with reading(engine).connect() as connection:
        senders = received.read_senders(connection, settings.vendor.NAME)
    cycle = CycleContext(context, settings, now, senders, {})
    try:
        is_masked = older_fingerprints.renew_fingerprints(engine, MASKING_SECONDS)
        repositories = list(find_repositories(cycle))
        if first:
            read_last_day = partial(settings.vendor.read_recent_runs, since=now - LAST_DAY)
            for repository in repositories:
                try_phase(context, repository, "runs", read_last_day)
        whole = [compare_lists(cycle, repository) for repository in repositories]
        is_fed, hooks = find_hooks(cycle, repositories)
        recovered, is_more = recover_from_hooks(cycle, repositories, hooks)
        writer.flush()
        changed = sum(n for (_, outcome), n in writer.counts.items() if outcome != UNCHANGED)
        is_unexplained = follow_up(cycle, repositories)
    finally:
        pool.close()
        writer.close()
    while renames.rewrite(engine):
        pass
    is_more = is_more or is_unexplained or not all(whole) or not is_masked
    outcome = CycleOutcome(changed, recovered, is_more, is_fed, tuple(reporter.problems))
    transact(engine, partial(note_outcome, outcome=outcome, sent=client.rate_limit.sent))
    return outcome


def note_outcome(connection: Connection, outcome: CycleOutcome, sent: int) -> None:
    """Remember what came of a cycle, for pages and checks."""
    note = {**outcome._asdict(), "requests": sent, "troubles": outcome.troubles[:20]}
    notes.put(connection, "", "cycle", json.dumps(note))


def find_repositories(cycle: CycleContext) -> Iterator[Repository]:
    """Yield the repositories that are watched, as they are called today.

    Beside those of `-r` they are the stored ones that deliveries come from, as after a transfer;
    without `-r`, all that are stored. Those that are gone are said.
    """
    context, vendor = cycle.context, cycle.settings.vendor
    reporter, watched = context.reporter, watch(cycle.settings.patterns)
    listed = vendor.list_names(context.client, watched, reporter.report)
    repoids = set[int]()
    senders = cycle.senders.repositories
    for name in list_meant(context.engine, vendor, listed, watched, senders):
        try:
            met = list(look_up(context, vendor, name, cycle.now))
        except ApiError as problem:
            report_refusal(context, name, problem)
            continue
        for repository in tell_gone(met, reporter.say, reporter.report):
            if repository.repoid not in repoids:
                repoids.add(repository.repoid)
                yield repository


Phase = Callable[[Context, Repository], object]


def try_phase(context: Context, repository: Repository, what: str, phase: Phase) -> object:
    """Do one phase of a repository; one that is refused leaves the others be."""
    try:
        return phase(context, repository)
    except ApiError as problem:
        if not problem.is_empty:
            report_refusal(context, f"{repository.name}: {what}", problem)
        return None


def compare_lists(cycle: CycleContext, repository: Repository) -> bool:
    """Compare the lists of a repository; tell whether nothing is left for the next cycle."""
    vendor, since = cycle.settings.vendor, cycle.now - cycle.settings.vendor.CHANGES_FOR
    attempt = partial(try_phase, cycle.context, repository)
    attempt("workflows", vendor.read_workflows)
    attempt("runs", partial(vendor.read_recent_runs, since=since))
    given_up = attempt("open runs", partial(vendor.read_open_runs, now=cycle.now))
    if isinstance(given_up, int) and given_up:
        cycle.context.reporter.say(
            f"{repository.name}: {counted(given_up, 'run')} never ended at {vendor.TITLE}, or"
            f" {'is' if given_up == 1 else 'are'} gone there: given up"
        )
    is_whole = attempt("branches", partial(vendor.read_moved_branches, since=since))
    cycle.context.writer.flush()
    return is_whole is not False
