"""One step after the other of keeping roll-ups up to date, gently."""

import time
from collections.abc import Callable

from sqlalchemy import Engine

from store.rollups import make
from store.rollups.spans import RollupPlan

IDLE_SECONDS = 15.0
BUSY_SECONDS = 1.0
PART = 20
SHARE = 4.0
"""How long to rest after a span, in times of what it took: deliveries come first."""


def run_step(engine: Engine, plan: RollupPlan) -> float:
    """Make what is marked, then some of what is missing; return the seconds to the next step."""
    rest = resting()
    marked = make.remake_changed(engine, plan, rest)
    filled = make.make_due(engine, plan, PART, rest)
    if marked == make.MARKS or filled > 1:
        return BUSY_SECONDS
    return IDLE_SECONDS


def resting() -> Callable[[], None]:
    """Return what to call after each piece of work."""
    last = time.monotonic()

    def rest() -> None:
        nonlocal last
        time.sleep(min((time.monotonic() - last) * SHARE, IDLE_SECONDS))
        last = time.monotonic()

    return rest
