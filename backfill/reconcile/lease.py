"""The lease of one reconciler: waited for, kept by a thread, given up."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from backfill.http.rate_limit import RateLimit
from backfill.reconcile.reporter import CycleReporter
from config.settings import Settings
from engines import database_time, faults, reading
from engines.lease import Lease, holder_of, is_over, keep, longest_of, release, take

LEASE_SECONDS = 30.0
LOOK_SECONDS = 5.0
"""Between two looks of one that waits for the lease."""


def lease_name(settings: Settings) -> str:
    """Return what replicas of one installation have in common: what they watch, and where."""
    patterns = sorted(pattern.lower() for pattern in settings.repos)
    shared = "\n".join([settings.source.url, *patterns])
    return f"reconcile {hashlib.sha256(shared.encode()).hexdigest()[:16]}"


def wait_for_lease(lease: Lease, stop: threading.Event, *, once: bool) -> bool:
    """Take the lease when it is free; False when told to stop, or at once where another has it."""
    while not stop.is_set():
        with reading(lease.engine).connect() as connection:
            last = holder_of(connection, lease.table, lease.name)
            now, longest = database_time(connection), longest_of(LEASE_SECONDS)
            is_free = last is None or is_over(last.endtime, now, longest)
        if is_free and take(lease, LEASE_SECONDS):
            return True
        if once:
            return False
        stop.wait(LOOK_SECONDS)
    return False


@contextmanager
def held_lease(
    lease: Lease, limits: RateLimit, reporter: CycleReporter, stop: threading.Event
) -> Iterator[threading.Event]:
    """Keep the lease by a thread; give an event that is set when it is lost or all is to end.

    Requests end then, so that the cycle does. At the end of the block the lease is given up.
    """
    over, done = threading.Event(), threading.Event()

    def work() -> None:
        if not keep(lease, LEASE_SECONDS, lambda seconds: done.wait(seconds) or stop.is_set()):
            reporter.write(logging.WARNING, "the lease is lost: another process may take over")
        over.set()
        limits.stop()

    thread = threading.Thread(target=work, name="lease", daemon=True)
    thread.start()
    try:
        yield over
    finally:
        done.set()
        thread.join()
        try:
            release(lease)
        except SQLAlchemyError as error:
            reporter.write(logging.WARNING, f"the lease runs out by itself: {faults.cause(error)}")
