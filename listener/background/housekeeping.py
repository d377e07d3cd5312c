"""What one process of the listener does beside answering: telling older rows of a rename, dropping
raw deliveries that are no longer needed and comparing the others with their rows, and cutting a log
that has become long.
"""

import time

from sqlalchemy import Engine

from engines import faults, kind_of
from listener.intake.circuit_breaker import CircuitBreaker
from runtime.log import ChangeAlert
from store.deliveries import retention
from store.doors import verify_pass
from store.state import clock
from store.write import renames

BETWEEN_BATCHES = 0.05  # seconds in which deliveries get the write lock
IDLE_SECONDS = 5.0
FAILED_SECONDS = 30.0
VERIFY_SECONDS = 60.0
"""Between two pages of deliveries that are compared with their rows."""
RETENTION_SECONDS = 600.0  # between two looks for deliveries that have become too old

VERIFYING = ChangeAlert("cannot compare deliveries with their rows", "comparing deliveries again")
HOUSEKEEPING = ChangeAlert("cannot keep older rows up", "keeping older rows up again")


def work(engine: Engine, breaker: CircuitBreaker, days: int) -> None:
    """Work in batches until the process ends."""
    looked, verified = -RETENTION_SECONDS, time.monotonic()
    while True:
        if breaker.is_open:
            time.sleep(IDLE_SECONDS)
            continue
        is_time = time.monotonic() - looked >= RETENTION_SECONDS
        pause, dropped = step(engine, days if is_time else None)
        if is_time and not dropped:
            looked = time.monotonic()
        if time.monotonic() - verified >= VERIFY_SECONDS:
            verified = time.monotonic()
            verify_step(engine)
        time.sleep(pause)


def verify_step(engine: Engine) -> None:
    """Compare a page of deliveries with their rows; a failure is said once, when it begins."""
    try:
        verify_pass.step(engine)
    except Exception as error:  # noqa: BLE001 - the thread must outlive whatever is wrong today
        VERIFYING.warn(faults.cause(error))
    else:
        VERIFYING.clear()


def step(engine: Engine, days: int | None) -> tuple[float, int]:
    """Rewrite one batch, and drop one of deliveries older than `days`.

    Return the seconds until the next step, and how many deliveries were dropped. A failure is
    said once, when it begins: reception goes on without us.
    """
    try:
        rewritten = renames.rewrite(engine)
        time = None if days is None else clock.trusted_time(engine)
        dropped = 0 if days is None or time is None else retention.drop(engine, days, *time)
        if days is not None and (cut_log := kind_of(engine).cut_log):
            cut_log(engine)
    except Exception as error:  # noqa: BLE001 - the thread must outlive whatever is wrong today
        HOUSEKEEPING.warn(faults.cause(error))
        return FAILED_SECONDS, 0
    HOUSEKEEPING.clear()
    return (BETWEEN_BATCHES if rewritten or dropped else IDLE_SECONDS), dropped
