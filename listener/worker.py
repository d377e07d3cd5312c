"""One process of the listener: its app, and the threads beside it."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import IO, NamedTuple

from config.calendar import Calendar
from config.settings import Settings
from config.watch import watch
from listener import startup
from listener.asgi_app import App
from listener.background import housekeeping, reconciler, rollups, spool_drain
from listener.intake.circuit_breaker import Breaker
from listener.intake.group_commit import Group, own
from listener.intake.intake import Desk
from store.deliveries.spool import FILE, Spool
from store.open import WRITE, open_engine
from store.rollups.spans import RollupPlan


class Common(NamedTuple):
    """What all processes have in common, made before the fork.

    `turn` is an open file: the process that has its lock does the upkeep; by the lock of `batches`
    they take turns to write. `cause` says why the database takes nothing yet, None when it does.
    `healing` is the environment of a reconciler, None without one.
    """

    settings: Settings
    keys: tuple[bytes, ...]
    turn: IO[bytes]
    batches: IO[bytes]
    cause: str | None
    healing: dict[str, str] | None = None


def make_app(common: Common) -> App:
    """Return the app of this process, with its threads started. Call it after the fork."""
    settings = common.settings
    engine = open_engine(settings, WRITE)
    probe = partial(startup.check, settings, engine)
    breaker = Breaker(probe, common.cause)
    watched = watch(settings.repos)
    spools = settings.on_database_down == "spool"
    # What an earlier run has spooled is written back, whatever is set today.
    if spools or (settings.spool_dir / FILE).exists():
        spool = Spool(settings.spool_dir)
        spool_drain.start(spool_drain.Drain(engine, watched, spool, breaker, probe, Counter()))
    housekeeping.start(engine, breaker, settings.delivery_retention_days, common.turn)
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends), settings.groups)
    rollups.start(settings, breaker, plan, common.turn)
    if common.healing is not None:
        reconciler.start(common.healing, common.turn)
    breaker.start()
    desk_spool = Spool(settings.spool_dir) if spools else None
    group = Group(engine, own(common.batches))
    return App(Desk(engine, group, common.keys, watched, breaker, desk_spool))
