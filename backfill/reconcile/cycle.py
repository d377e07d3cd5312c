"""One cycle of the reconciler: whatever GitHub has and the store has not, by three ways.

The lists come first. They tell in one request per run what its deliveries tell in twenty, so that
after a day's outage the tables are whole in minutes; the hook's log then gives what lists do not
have, pushes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from backfill.github import vendor
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.reconcile.after_lists import close
from backfill.reconcile.context import Wanted, Work, tell
from backfill.reconcile.missed_deliveries import hooks_for, take_logs
from backfill.reconcile.reporter import Voice
from backfill.records import Repository
from config.watch import watch
from engines import reading
from engines.transaction import transact
from store.deliveries import table
from store.doors.api import UNCHANGED
from store.reads import for_backfill
from store.state import notes
from store.write import renames

THREADS = 8
EMPTY = 409
LAST_DAY = timedelta(days=1)


class Outcome(NamedTuple):
    """What came of a cycle: rows that were not as GitHub has them, deliveries that were lacking.

    `is_more` where something is left for the next; `is_fed` where a hook sends us everything.
    """

    changed: int
    recovered: int
    is_more: bool
    is_fed: bool
    troubles: tuple[str, ...]


def cycle(
    engine: Engine, client: Client, voice: Voice, wanted: Wanted, now: datetime, *, first: bool
) -> Outcome:
    """Bring the store to what GitHub has at `now` (UTC without zone).

    The `first` cycle of a process reads the last day of every repository before anything older.
    Raises ApiError when GitHub does not accept the key, SQLAlchemyError when the database fails,
    RequestsStopped when the process ends.
    """
    voice.begin_cycle()
    writer, pool = Writer(engine, voice.trouble, OutageRetry(voice.say)), ThreadPool(THREADS)
    context = Context(engine, client, pool, writer, voice, voice.trouble)
    with reading(engine).connect() as connection:
        sending, heard = table.received(connection)
    work = Work(context, wanted, now, sending, heard, {})
    try:
        here = list(found(work))
        if first:
            for one in here:
                tried(work, one, "runs", partial(vendor.read_recent_runs, since=now - LAST_DAY))
        whole = [read_lists(work, one) for one in here]
        fed, hooks = hooks_for(work, here)
        recovered, more = take_logs(work, here, hooks)
        writer.flush()
        changed = sum(n for (_, outcome), n in writer.counts.items() if outcome != UNCHANGED)
        left = close(work, here)
    finally:
        pool.close()
        writer.close()
    while renames.rewrite(engine):
        pass
    is_more = more or left or not all(whole)
    outcome = Outcome(changed, recovered, is_more, fed, tuple(voice.troubles))
    transact(engine, partial(put_mark, outcome=outcome, sent=client.rate_limit.sent))
    return outcome


def put_mark(connection: Connection, outcome: Outcome, sent: int) -> None:
    """Remember what came of a cycle, for pages and checks."""
    told = {**outcome._asdict(), "requests": sent, "troubles": outcome.troubles[:20]}
    notes.put(connection, "", "cycle", json.dumps(told))


def found(work: Work) -> Iterator[Repository]:
    """Yield the repositories that are watched, as they are called today.

    Beside those of `-r` they are the stored ones that deliveries come from, as after a transfer;
    without `-r`, all that are stored.
    """
    context, done = work.context, set[int]()
    with reading(context.engine).connect() as connection:
        stored = for_backfill.repository_names(connection)
    if work.wanted.patterns:
        stored = [name for name in stored if name.lower() in work.heard]
    told = set[str]()
    listed = vendor.list_names(context.client, watch(work.wanted.patterns), context.report)
    for name in (*listed, *stored):
        if name.lower() in told:
            continue
        told.add(name.lower())
        try:
            here = vendor.find_repository(context, name)
        except ApiError as problem:
            tell(context, name, problem)
            continue
        told.add(here.name.lower())
        if here.repoid not in done:
            done.add(here.repoid)
            yield here


Phase = Callable[[Context, Repository], object]


def tried(work: Work, here: Repository, what: str, phase: Phase) -> object:
    """Do one phase of a repository; one that is refused leaves the others be."""
    try:
        return phase(work.context, here)
    except ApiError as problem:
        if problem.status != EMPTY:
            tell(work.context, f"{here.name}: {what}", problem)
        return None


def read_lists(work: Work, here: Repository) -> bool:
    """Compare the lists of a repository; tell whether nothing is left for the next cycle."""
    tried(work, here, "workflows", vendor.read_workflows)
    since = work.now - vendor.CHANGES_FOR
    tried(work, here, "runs", partial(vendor.read_recent_runs, since=since))
    given_up = tried(work, here, "open runs", partial(vendor.read_open_runs, now=work.now))
    if given_up:
        work.context.reporter.say(
            f"{here.name}: {given_up} runs never ended at GitHub, or are gone there: given up"
        )
    is_whole = tried(work, here, "branches", partial(vendor.read_moved_branches, since=since))
    work.context.writer.flush()
    return is_whole is not False
