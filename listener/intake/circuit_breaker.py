"""Whether the database is spoken to at all: after one failure, not before a probe succeeded.

A request that asks a database that is down waits for nothing, and keeps a thread from others.
"""

import random
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from engines import faults
from runtime.log import ChangeAlert

FIRST_SECONDS, SHORT_SECONDS, LONGEST_SECONDS = 1.0, 5.0, 60.0
FAILOVER_SECONDS = 600.0
"""Pauses stay short for so long, to write again soon after a failover."""
CALM_SECONDS = 60.0
"""One that opens again sooner goes on with the longer pauses."""


class CircuitBreaker:
    """One per process. `probe` raises what is wrong while deliveries cannot be stored."""

    def __init__(self, probe: Callable[[], None], cause: str | None = None) -> None:
        """Begin closed, or open for a cause that the log has already."""
        self.probe = probe
        self.lock = threading.Lock()
        self.tripped = threading.Event()
        self.pause = FIRST_SECONDS
        self.closed = -CALM_SECONDS
        self.opened = time.monotonic()
        self.alert = ChangeAlert("cannot write to the database", "writing to the database again")
        if cause is not None:
            self.alert.cause = cause
            self.tripped.set()

    @property
    def is_open(self) -> bool:
        """Tell whether deliveries go straight to the spool."""
        return self.tripped.is_set()

    def trip(self, error: SQLAlchemyError) -> None:
        """Open, unless only rows were locked: the next delivery may have others."""
        if faults.fault(error) == faults.LOCKS:
            return
        with self.lock:
            if self.is_open:
                return
            if time.monotonic() - self.closed >= CALM_SECONDS:
                self.pause = FIRST_SECONDS
            self.opened = time.monotonic()
            self.tripped.set()
        self.alert.warn(faults.described(error))

    def start(self) -> None:
        """Start the thread that probes."""
        threading.Thread(target=self.work, name="breaker", daemon=True).start()

    def work(self) -> None:
        """Probe whenever the breaker is open, with growing pauses, until the process ends."""
        while True:
            self.tripped.wait()
            time.sleep(self.pause * random.uniform(0.8, 1))  # noqa: S311 - no secret
            self.try_once()

    def try_once(self) -> None:
        """Probe, and close if nothing is wrong."""
        is_failover = time.monotonic() - self.opened < FAILOVER_SECONDS
        self.pause = min(self.pause * 2, SHORT_SECONDS if is_failover else LONGEST_SECONDS)
        try:
            self.probe()
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever is wrong
            self.alert.warn(faults.described(error))
        else:
            with self.lock:
                self.closed = time.monotonic()
                self.tripped.clear()
            self.alert.clear()
