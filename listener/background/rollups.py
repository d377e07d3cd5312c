"""A thread that keeps the pages' roll-ups up to date, in one process of the listener."""

from __future__ import annotations

import fcntl
import threading
import time
from typing import IO

from config.settings import Settings
from engines import faults
from listener.intake.circuit_breaker import Breaker
from runtime.condition import Condition
from store.open import WORK, open_engine
from store.rollups import schedule
from store.rollups.spans import RollupPlan

FAILED_SECONDS = 30.0
ROLLUPS = Condition("roll-ups wait to be made", "roll-ups are made")


def start(settings: Settings, breaker: Breaker, plan: RollupPlan, turn: IO[bytes]) -> None:
    """Start the thread; by the lock of `turn` only one process of this machine works.

    Several machines may: roll-ups are made so that they do not disturb each other.
    """
    arguments = (settings, breaker, plan, turn)
    threading.Thread(target=work, args=arguments, name="rollups", daemon=True).start()


def work(settings: Settings, breaker: Breaker, plan: RollupPlan, turn: IO[bytes]) -> None:
    """Wait for the turn, then make roll-ups until the process ends."""
    fcntl.lockf(turn, fcntl.LOCK_EX)
    engine = open_engine(settings, WORK)
    while True:
        pause = schedule.IDLE_SECONDS
        if not breaker.is_open:
            try:
                pause = schedule.run_step(engine, plan)
                ROLLUPS.good()
            except Exception as error:  # noqa: BLE001 - the thread must outlive what is wrong today
                ROLLUPS.bad(faults.cause(error))
                pause = FAILED_SECONDS
        time.sleep(pause)
