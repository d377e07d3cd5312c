"""Cycles of a reconciler while it holds the lease, and the pauses between them."""

import logging
import random
import threading
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.rate_limit import BudgetSpent, RequestsStopped
from backfill.reconcile.cycle import CycleOutcome, run_cycle
from backfill.reconcile.cycle_context import CycleSettings
from backfill.reconcile.health_checks import store_refused_key
from backfill.reconcile.lease import held_lease, lease_name, wait_for_lease
from backfill.reconcile.reporter import CycleReporter
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


def reconcile(read: Read, reporter: CycleReporter, stop: threading.Event, *, once: bool) -> int:
    """Reconcile whenever the lease is ours, until `stop`; once, without waiting. Exit code.

    With `once` raises BadSetting and CannotStart; else whatever is wrong is said and waited for.
    """
    failed = FAILED_SECONDS
    while not stop.is_set():
        settings = read()
        try:
            engine = open_ready_store(settings)
        except CannotStart as error:
            if once:
                raise
            reporter.say_once(str(error), logging.WARNING)
            stop.wait(failed)
            failed = min(failed * 2, LONGEST_FAILED_SECONDS)
            continue
        failed = FAILED_SECONDS
        try:
            lease = Lease(engine, leases, lease_name(settings), own_name())
            code = reconcile_with_lease(lease, read, reporter, stop, once=once)
            if once:
                return code
        except SQLAlchemyError as error:
            reporter.say_once(f"the database failed: {faults.cause(error)}", logging.WARNING)
            if once:
                return 1
            stop.wait(failed)
        finally:
            engine.dispose()
    return 0


def open_ready_store(settings: Settings) -> Engine:
    """Return an engine for a store that can be written to. Raises CannotStart."""
    engine = open.open_engine(settings, open.WORK)
    try:
        open.schema(engine, settings, install=False)
    except BaseException:
        engine.dispose()
        raise
    return engine


def reconcile_with_lease(
    lease: Lease, read: Read, reporter: CycleReporter, stop: threading.Event, *, once: bool
) -> int:
    """Wait for the lease, then make cycles until it is lost. Raises SQLAlchemyError."""
    if not wait_for_lease(lease, stop, once=once):
        if once:
            reporter.write(logging.WARNING, "another process reconciles this store already")
        return 1
    settings = read()
    left = 1 - settings.reconcile_share / 100
    client = chosen_vendor(settings).open_client(settings, reporter.waiting, left=left, caches=True)
    with held_lease(lease, client.rate_limit, reporter, stop) as lost:
        return run_cycles(lease.engine, client, settings, read, reporter, lost, once=once)


def run_cycles(
    engine: Engine,
    client: Client,
    settings: Settings,
    read: Read,
    reporter: CycleReporter,
    lost: threading.Event,
    *,
    once: bool,
) -> int:
    """Make cycles until the lease is lost or the key is another; return the exit code."""
    interval, first = SHORTEST_SECONDS, True
    cycle_settings = choose_cycle_settings(settings)
    while not lost.is_set():
        try:
            if read() != settings:
                return 0
            outcome = run_cycle(engine, client, reporter, cycle_settings, now(), first=first)
            first = False
            interval = pause_after(outcome, interval)
        except (RequestsStopped, BudgetSpent):
            return 0
        except BROKEN as error:
            reporter.report(describe_error(error))
            note_refused_key(engine, settings.vendor, reporter, error)
            interval = min(max(interval * 2, FAILED_SECONDS), LONGEST_FAILED_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever is wrong today, healing goes on
            reporter.report(f"a mistake of ours: {faults.cause(error)}")
            interval = LONGEST_FAILED_SECONDS
        if once:
            return 1 if reporter.problems else 0
        lost.wait(interval * random.uniform(0.9, 1))  # noqa: S311 - no secret
    return 0


def choose_cycle_settings(settings: Settings) -> CycleSettings:
    """Return what the settings want kept whole."""
    vendor = chosen_vendor(settings)
    return CycleSettings(
        vendor,
        settings.repos,
        settings.delivery_retention_days,
        settings.spool_dir,
        vendor.read_app(settings),
    )


def note_refused_key(
    engine: Engine, vendor: str, reporter: CycleReporter, error: BaseException
) -> None:
    """Keep that GitHub does not accept the key, for pages and checks."""
    if isinstance(error, ApiError) and error.is_bad_key:
        try:
            store_refused_key(engine, vendor, str(error))
        except SQLAlchemyError as broken:
            reporter.report(describe_error(broken))


def describe_error(error: BaseException) -> str:
    """Return what stopped a cycle, in a sentence."""
    if isinstance(error, ApiError | CannotStart | BadSetting):
        return str(error)
    return f"the database failed: {faults.cause(error)}"


def pause_after(outcome: CycleOutcome, before: float) -> float:
    """Return the seconds until the next cycle: longer each time while all is well."""
    if not outcome.is_fed:
        return POLL_SECONDS
    if outcome.changed or outcome.recovered or outcome.is_more:
        return SHORTEST_SECONDS
    return min(before * 2, LONGEST_SECONDS)
