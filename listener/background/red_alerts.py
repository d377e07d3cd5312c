"""A thread that tells people of red default branches; of all processes one at a time works.

It has a connection of its own, and no delivery waits for it: not for a chat that hangs either.
"""

import time

from alerts.sending import Sender, note_nights, run_pass
from alerts.turn_text import Place
from config.settings import Settings
from engines import faults
from engines.lease import Lease, own_name, take
from listener.intake.circuit_breaker import CircuitBreaker
from runtime.log import ChangeAlert
from schema.tables.reconciler import leases
from store.open import WORK, open_engine
from store.rollups.spans import RollupPlan

IDLE_SECONDS, FAILED_SECONDS = 10.0, 30.0
LEASE_SECONDS, PASS_SECONDS = 300.0, 180.0
"""A pass takes less than the second while every target hangs: so much is left when it begins."""
NIGHTS_SECONDS = 300.0
"""How often nights are looked through, and how long after the start: nightlies are waited for an
hour, and what came while no process was there is brought first."""
NAME = "alerts"
ALERTS = ChangeAlert("cannot tell of red default branches", "telling of red default branches again")


def work(settings: Settings, breaker: CircuitBreaker, plan: RollupPlan) -> None:
    """Look and tell until the process ends."""
    engine = open_engine(settings, WORK)
    lease = Lease(engine, leases, NAME, own_name())
    sender = Sender(engine, settings.alerts, Place(settings.dashboard_url, plan.calendar), plan)
    ours, looked = 0.0, time.monotonic()
    while True:
        pause = IDLE_SECONDS
        if not breaker.is_open:
            try:
                began = time.monotonic()
                if began > ours - PASS_SECONDS:
                    is_ours = take(lease, LEASE_SECONDS, from_gone=True)
                    ours = began + LEASE_SECONDS if is_ours else 0.0
                if ours and began > looked + NIGHTS_SECONDS:
                    note_nights(sender)
                    looked = began
                if ours:
                    run_pass(sender)
                ALERTS.clear()
            except Exception as error:  # noqa: BLE001 - the thread must outlive what is wrong today
                ALERTS.warn(faults.cause(error))
                pause = FAILED_SECONDS
        time.sleep(pause)
