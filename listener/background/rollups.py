"""A thread that keeps the pages' roll-ups up to date, in one process of the listener."""

from __future__ import annotations

import threading
import time

from config.settings import Settings
from engines import faults
from listener.intake.circuit_breaker import CircuitBreaker
from runtime.file_lock import FileLock
from runtime.log import ChangeAlert
from store.open import WORK, open_engine
from store.rollups import schedule
from store.rollups.spans import RollupPlan

FAILED_SECONDS = 30.0
ROLLUPS = ChangeAlert("roll-ups wait to be made", "roll-ups are made")


def start(
    settings: Settings, breaker: CircuitBreaker, plan: RollupPlan, upkeep: FileLock | None
) -> None:
    """Start the thread; by the lock only one process of this machine works.

    Several machines may: roll-ups are made so that they do not disturb each other.
    """
    arguments = (settings, breaker, plan, upkeep)
    threading.Thread(target=work, args=arguments, name="rollups", daemon=True).start()


def work(
    settings: Settings, breaker: CircuitBreaker, plan: RollupPlan, upkeep: FileLock | None
) -> None:
    """Wait for the lock, then make roll-ups until the process ends."""
    if upkeep is not None:
        upkeep.wait()
    engine = open_engine(settings, WORK)
    while True:
        pause = schedule.IDLE_SECONDS
        if not breaker.is_open:
            try:
                pause = schedule.run_step(engine, plan)
                ROLLUPS.clear()
            except Exception as error:  # noqa: BLE001 - the thread must outlive what is wrong today
                ROLLUPS.warn(faults.cause(error))
                pause = FAILED_SECONDS
        time.sleep(pause)
