"""Roll-ups made at once, without the rests that deliveries are given."""

from datetime import datetime

from sqlalchemy import Engine

from store.rollups import make
from store.rollups.schedule import PART
from store.rollups.spans import RollupPlan


def make_all(engine: Engine, plan: RollupPlan, now: datetime | None = None) -> None:
    """Make everything that is marked, or missing up to now, without a rest."""
    while make.remake_changed(engine, plan) or make.make_due(engine, plan, PART, now=now) > 1:
        pass
