"""What follows from packages, and from CI, once a day, by whoever comes by first.

Scores of registries, proofs by commits, and which releases were red: rows of CI come at any time,
and scores change little between two loads. Loads of feeds that are over are looked after, too.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, exists, or_, select

from engines import database_time, reading
from engines.lease import Lease, own_name, release, take
from engines.transaction import transact
from schema.tables import packages as tables
from schema.tables.reconciler import leases
from store.feeds import past_loads
from store.packages.after_load import follow_ci
from store.packages.scores import score_packages
from store.state import health, notes
from store.state.health import BAD, HealthState

NOTE, LEASE, SECONDS = "packages followed", "packages", 600.0
UNSCORED = "unscored"
"""Value of the note where a registry's scores wait for a load that makes its edges anew."""


def follow_day(engine: Engine) -> None:
    """Do what has not been done on this day of UTC. Raises SQLAlchemyError."""
    for feed, begin in end_killed(engine):
        why = f"never ended: its process {past_loads.KILLED}"
        said = f"began {begin:%Y-%m-%d %H:%M} UTC and {why}"
        health.put(engine, [HealthState("", f"feed:{feed}", BAD, said)])
    with reading(engine).connect() as connection:
        due = list_due(connection)
    lease = Lease(engine, leases, LEASE, own_name())
    if not due or not take(lease, SECONDS, from_gone=True):
        return
    try:
        for manager in due:
            value = None
            if manager:
                with reading(engine).connect() as connection:
                    value = UNSCORED if waits_for_edges(connection, manager) else None
                if value is None:
                    score_packages(engine, manager)
                follow_ci(engine, manager, transact)
            else:
                transact(engine, past_loads.drop_old)
            transact(engine, noting(manager, value))
            take(lease, SECONDS)
    finally:
        release(lease)


def end_killed(engine: Engine) -> list[tuple[str, Any]]:
    """End the loads whose process was killed; return their feeds and begins."""
    c = tables.load_history.c
    with reading(engine).connect() as connection:
        now = database_time(connection)
        running = connection.scalar(select(c.Id).where(c.state == past_loads.RUNNING).limit(1))
    if running is None:
        return []
    return transact(engine, lambda connection: past_loads.end_killed(connection, now))


def list_due(connection: Connection) -> list[str]:
    """Return the registries that were not followed today, or whose scores wait no more; an empty
    name stands for all loads."""
    today = database_time(connection).date()
    sources, registries = tables.sources.c, tables.package_managers.c
    # One without packages is not followed yet: its first load may come later today.
    has_packages = exists().where(
        registries.source_id == sources.Id, tables.packages.c.package_manager_id == registries.Id
    )
    managers = connection.scalars(select(sources.type).where(has_packages).order_by(sources.type))
    loaded = connection.scalar(select(tables.load_history.c.Id).limit(1))
    names = ("", *managers.all()) if loaded else managers.all()
    return [name for name in names if is_due(connection, name, today)]


def is_due(connection: Connection, manager: str, today: date) -> bool:
    note = notes.get(connection, manager, NOTE)
    if note is None or note.time.date() != today:
        return True
    return note.value == UNSCORED and not waits_for_edges(connection, manager)


def waits_for_edges(connection: Connection, manager: str) -> bool:
    """Tell whether a load wrote rows of a registry and did not end well: no edges followed yet.

    They do from the next of its feed that does, or from another's that changes something.
    """
    load, later = tables.load_history, tables.load_history.alias("later")
    registries, sources = tables.package_managers.c, tables.sources.c
    number = (
        select(registries.Id)
        .join(tables.sources, sources.Id == registries.source_id)
        .where(sources.type == manager)
        .scalar_subquery()
    )
    made = exists().where(
        later.c.package_manager_id == load.c.package_manager_id,
        later.c.Id > load.c.Id,
        later.c.state == past_loads.DONE,
        or_(later.c.feed == load.c.feed, later.c.changed > 0, later.c.gone > 0),
    )
    c = load.c
    query = select(c.Id).where(c.package_manager_id == number, c.state != past_loads.DONE, ~made)
    # What a load changed that was killed, or that runs, nobody noted.
    wrote = query.where(or_(c.changed.is_(None), c.changed > 0))
    return connection.scalar(wrote.limit(1)) is not None


def noting(manager: str, value: str | None) -> Callable[[Connection], None]:
    return lambda connection: notes.put(connection, manager, NOTE, value)
