"""One process of the listener: what receives deliveries, and the threads beside it."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from config import webhook_secret
from config.calendar import Calendar
from config.settings import Settings, secrets_of
from config.watch import watch
from engines import faults
from listener import startup
from listener.background import housekeeping, reconciler, red_alerts, rollups, spool_drain
from listener.intake.circuit_breaker import CircuitBreaker
from listener.intake.group_commit import GroupCommit
from listener.intake.intake import Intake
from listener.vendors import VENDORS
from rows.sources import source_of
from runtime import log
from runtime.file_lock import FileLock
from store.deliveries.spool import FILE, Spool, SpoolError
from store.open import WRITE, CannotStart, open_engine
from store.rollups.spans import RollupPlan


class WorkerSetup(NamedTuple):
    """What a process is made of; several processes may be made of the same.

    `keys` are the vendors' secrets, `made` the files of those of our own. `cause` says why the
    database cannot be written to yet, None when it can. `healing` is the environment of a
    reconciler, None without one, `feeding` that of what loads feeds.
    """

    settings: Settings
    keys: Mapping[str, tuple[bytes, ...]]
    made: Mapping[str, Path]
    cause: str | None
    healing: dict[str, str] | None
    feeding: dict[str, str] | None = None

    @property
    def spools(self) -> bool:
        """Tell whether any delivery may wait in the spool while the database is down."""
        refused = list_refused(self.settings)
        return any(keys and vendor not in refused for vendor, keys in self.keys.items())


def prepare(settings: Settings, given: Mapping[str, object]) -> WorkerSetup:
    """Start the log, make the secret and bring the database up. Raises BadSetting, CannotStart.

    `given` are the flags by the names of the settings.
    """
    keys, made = webhook_secret.load_all(settings)
    log.start((*secrets_of(settings), *(key.decode() for own in keys.values() for key in own)))
    cause = startup.first_try(settings)
    if cause:
        log.warning("cannot write to the database", cause=cause)
        if settings.on_database_down == "spool" and (trouble := find_spool_trouble(settings)):
            told = f"cannot write to the database ({cause}), nor to SPOOL_DIR: {trouble}"
            raise CannotStart(f"nothing could be stored: {told}", startup.MAY_PASS)
    wanted = reconciler.is_wanted(settings)
    healing = reconciler.environment(given, settings.vendor) if wanted else None
    feeding = reconciler.environment(given, settings.vendor) if settings.feeds else None
    return WorkerSetup(settings, keys, made, cause, healing, feeding)


def list_troubles(setup: WorkerSetup) -> list[str]:
    """Return what keeps deliveries from being stored as they should be, one line each."""
    settings = setup.settings
    troubles = []
    if setup.cause:
        kept = "wait in the spool"
        if refused := list_refused(settings):
            titles = [vendor.title for vendor in VENDORS if vendor.provider not in refused]
            kept = f"{' and '.join(titles)}'s {kept}" if setup.spools else ""
            kept = ", ".join(filter(None, ["are refused with 503", kept]))
        troubles.append(f"deliveries {kept}: cannot write to the database ({setup.cause})")
    if setup.spools and (trouble := find_spool_trouble(settings)):
        troubles.append(f"no delivery can wait for the database: SPOOL_DIR: {trouble}")
    return troubles


def find_spool_trouble(settings: Settings) -> str:
    """Return why no delivery can be spooled, empty when one can."""
    spool = Spool(settings.spool_dir)
    try:
        spool.check()
    except SpoolError as error:
        return str(error)
    finally:
        spool.close()
    return ""


def make_intake(setup: WorkerSetup) -> Intake:
    """Return the intake of this process, with its threads started. Call it after the fork."""
    settings = setup.settings
    engine = open_engine(settings, WRITE)
    probe = partial(startup.check, settings, engine)
    breaker = CircuitBreaker(probe, setup.cause)
    watched = watch(settings.repos)
    spools = setup.spools
    # What an earlier run has spooled is written back, whatever is set today.
    # Not `Path.exists`, which raises where the folder is nobody's to look into.
    if spools or os.path.exists(settings.spool_dir / FILE):
        spool = Spool(settings.spool_dir)
        drain = spool_drain.SpoolDrain(engine, watched, spool, breaker, probe, Counter())
        start_thread("drain", None, spool_drain.work, drain)
    upkeep = lock_in(settings.spool_dir, "upkeep.lock")
    days = settings.delivery_retention_days
    start_thread("background", upkeep, housekeeping.work, engine, breaker, days)
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends), settings.groups)
    start_thread("rollups", upkeep, rollups.work, settings, breaker, plan)
    start_thread("alerts", upkeep, red_alerts.work, settings, breaker, plan)
    if setup.healing is not None:
        start_thread("reconciler", upkeep, reconciler.work, setup.healing)
    if setup.feeding is not None:
        feeds = (setup.feeding, reconciler.FEEDS, "the runner of feeds")
        start_thread("feeds", upkeep, reconciler.work, *feeds)
    breaker.start()
    group_commit = GroupCommit(engine, lock_in(settings.spool_dir, "batches.lock"))
    own_spool = Spool(settings.spool_dir) if spools else None
    servers = servers_of(settings)
    refused = list_refused(settings)
    return Intake(engine, group_commit, setup.keys, watched, breaker, own_spool, servers, refused)


def list_refused(settings: Settings) -> frozenset[str]:
    """Return the vendors whose deliveries get a 503 while the database is down.

    One that does not send again gains nothing by that: its deliveries wait in the spool.
    """
    if settings.on_database_down == "spool":
        return frozenset()
    return frozenset(vendor.provider for vendor in VENDORS if vendor.sends_again)


def servers_of(settings: Settings) -> dict[str, str]:
    """Return the provider of each vendor's server, for deliveries that name none."""
    servers = {}
    for vendor, source in settings.sources.items():
        url = urlsplit(source.url)
        where = f"{url.netloc.lower()}{url.path}".strip("/").removeprefix("api.")
        servers[vendor] = vendor if where == source_of(vendor).host else f"{vendor}:{where}"
    return servers


def start_thread(
    name: str, turn: FileLock | None, work: Callable[..., None], *arguments: Any
) -> None:
    """Start a thread that works once this process has the turn, where there is one to wait for.

    The kernel hands it on when its holder ends, however it ends.
    """

    def wait_and_work() -> None:
        if turn is not None:
            turn.wait()
        work(*arguments)

    threading.Thread(target=wait_and_work, name=name, daemon=True).start()


def lock_in(folder: Path, name: str) -> FileLock | None:
    """Return the lock by which the listener's processes on this machine take turns.

    None where the folder takes no locks: they work all the same, and meet in the database.
    """
    try:
        return FileLock(folder / name)
    except OSError as error:
        log.warning("processes take no turns", lock=folder / name, cause=faults.cause(error))
        return None
