"""A thread that keeps the pages' roll-ups up to date, in one process of the listener.

Once a day it lets scores of packages and red releases follow, too.
"""

import time

from config.settings import Settings
from engines import faults
from listener.intake.circuit_breaker import CircuitBreaker
from runtime.log import ChangeAlert
from store.feeds import daily
from store.open import WORK, open_engine
from store.rollups import schedule
from store.rollups.spans import RollupPlan

FAILED_SECONDS = 30.0
ROLLUPS = ChangeAlert("cannot count statistics", "counting statistics again")


def work(settings: Settings, breaker: CircuitBreaker, plan: RollupPlan) -> None:
    """Make roll-ups until the process ends.

    Several machines may: counting statistics again so that they do not disturb each other.
    """
    engine = open_engine(settings, WORK)
    while True:
        pause = schedule.IDLE_SECONDS
        if not breaker.is_open:
            try:
                pause = schedule.run_step(engine, plan)
                ROLLUPS.clear()
                daily.follow_day(engine)
            except Exception as error:  # noqa: BLE001 - the thread must outlive what is wrong today
                ROLLUPS.warn(faults.cause(error))
                pause = FAILED_SECONDS
        time.sleep(pause)
