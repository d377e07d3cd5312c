"""Cycles of a reconciler while it holds the lease, and the pauses between them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backfill.http.errors import ApiError
from backfill.http.etag_cache import CachingClient
from backfill.http.rate_limit import BudgetSpent, RateLimit, RequestsStopped
from backfill.reconcile import health
from backfill.reconcile.context import BAD_KEY, Wanted
from backfill.reconcile.cycle import Outcome, cycle
from backfill.reconcile.lease import kept, lease_name, wait_for
from backfill.reconcile.reporter import Voice
from backfill.vendors import chosen_vendor
from config.settings import BadSetting, Settings
from engines import faults
from engines.lease import Lease, own_name
from rows import Unmappable
from schema.tables.reconciler import leases
from store import open
from store.deliveries.table import now
from store.open import CannotStart

SHORTEST_SECONDS, LONGEST_SECONDS = 60.0, 1800.0
"""Between two cycles: doubled while all is well and a hook sends us everything."""
POLL_SECONDS = 60.0
"""Between two cycles where no hook tells us anything."""
FAILED_SECONDS, LONGEST_FAILED_SECONDS = 10.0, 600.0

BROKEN = (SQLAlchemyError, Unmappable, ApiError, CannotStart, BadSetting, OSError)
Read = Callable[[], Settings]


def reign(read: Read, voice: Voice, stop: threading.Event, *, once: bool) -> int:
    """Reconcile whenever the lease is ours, until `stop`; once, without waiting. Exit code.

    With `once` raises BadSetting and CannotStart; else whatever is wrong is said and waited for.
    """
    failed = FAILED_SECONDS
    while not stop.is_set():
        settings = read()
        try:
            engine = ready(settings)
        except CannotStart as error:
            if once:
                raise
            voice.once(str(error), "warning")
            stop.wait(failed)
            failed = min(failed * 2, LONGEST_FAILED_SECONDS)
            continue
        failed = FAILED_SECONDS
        try:
            lease = Lease(engine, leases, lease_name(settings), own_name())
            code = sit(lease, read, voice, stop, once=once)
            if once:
                return code
        except SQLAlchemyError as error:
            voice.once(f"the database failed: {faults.cause(error)}", "warning")
            if once:
                return 1
            stop.wait(failed)
        finally:
            engine.dispose()
    return 0


def ready(settings: Settings) -> Engine:
    """Return an engine for a store that can be written to. Raises CannotStart."""
    engine = open.open_engine(settings, open.WORK)
    try:
        open.schema(engine, settings, install=False)
    except BaseException:
        engine.dispose()
        raise
    return engine


def sit(lease: Lease, read: Read, voice: Voice, stop: threading.Event, *, once: bool) -> int:
    """Wait for the lease, then make cycles until it is lost. Raises SQLAlchemyError."""
    if not wait_for(lease, stop, once=once):
        if once:
            voice.write("warning", "another process reconciles this store already")
        return 1
    settings = read()
    limits = RateLimit(voice.waiting, None, 1 - settings.reconcile_share / 100)
    client = CachingClient(settings.source.url, settings.source.token, limits)
    with kept(lease, limits, voice, stop) as lost:
        return cycles(lease.engine, client, settings, read, voice, lost, once=once)


def cycles(
    engine: Engine,
    client: CachingClient,
    settings: Settings,
    read: Read,
    voice: Voice,
    lost: threading.Event,
    *,
    once: bool,
) -> int:
    """Make cycles until the lease is lost or the key is another; return the exit code."""
    interval, first = SHORTEST_SECONDS, True
    wanted = wanted_by(settings)
    while not lost.is_set():
        try:
            if read() != settings:
                return 0
            outcome = cycle(engine, client, voice, wanted, now(), first=first)
            first = False
            interval = pause_after(outcome, interval)
        except (RequestsStopped, BudgetSpent):
            return 0
        except BROKEN as error:
            voice.trouble(reason(error))
            note(engine, voice, error)
            interval = min(max(interval * 2, FAILED_SECONDS), LONGEST_FAILED_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever is wrong today, healing goes on
            voice.trouble(f"a mistake of ours: {faults.cause(error)}")
            interval = LONGEST_FAILED_SECONDS
        if once:
            return 1 if voice.troubles else 0
        lost.wait(interval * random.uniform(0.9, 1))  # noqa: S311 - no secret
    return 0


def wanted_by(settings: Settings) -> Wanted:
    """Return what the settings want kept whole."""
    ours = chosen_vendor(settings).read_app(settings)
    return Wanted(settings.repos, settings.delivery_retention_days, settings.spool_dir, ours)


def note(engine: Engine, voice: Voice, error: BaseException) -> None:
    """Keep that GitHub does not accept the key, for pages and checks."""
    if isinstance(error, ApiError) and error.status == BAD_KEY:
        try:
            health.refused(engine, str(error))
        except SQLAlchemyError as broken:
            voice.trouble(reason(broken))


def reason(error: BaseException) -> str:
    """Return what stopped a cycle, in a sentence."""
    if isinstance(error, ApiError | CannotStart | BadSetting):
        return str(error)
    return f"the database failed: {faults.cause(error)}"


def pause_after(outcome: Outcome, before: float) -> float:
    """Return the seconds until the next cycle: longer each time while all is well."""
    if not outcome.is_fed:
        return POLL_SECONDS
    if outcome.changed or outcome.recovered or outcome.is_more:
        return SHORTEST_SECONDS
    return min(before * 2, LONGEST_SECONDS)
