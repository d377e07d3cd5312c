"""Where a verified delivery is stored: in the database, or in the spool while that is down."""

from __future__ import annotations

from time import monotonic
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.watch import Watch
from engines import deadline
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.circuit_breaker import Breaker
from listener.intake.fate import fate, must_ask
from listener.intake.group_commit import Group
from listener.intake.threads import aside
from rows.github.events import Seen
from runtime.condition import Condition
from store import apply
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.table import Delivery
from store.doors.decide import Payload
from store.doors.webhook import Fate

PATIENCE = 5.0
"""Seconds that a request waits for the database. When that was too long, others that wait for a
thread go straight to the spool: together with the write to it less than 8."""
ASKING_SECONDS = 3.5
"""For a question to the database that comes before the batch, or in its place."""

QUICK_BYTES = 256 * 1024
"""A longer body takes milliseconds, in which nobody else would be answered."""

SPOOL = Condition("the spool cannot be written", "the spool can be written")


class Desk(NamedTuple):
    """What deliveries are received with; without a spool (ON_DATABASE_DOWN=503) they are refused
    while the database is down."""

    engine: Engine
    group: Group
    secrets: tuple[bytes, ...]
    watch: Watch
    breaker: Breaker
    spool: Spool | None


class Taken(NamedTuple):
    """A delivery whose signature is right, and the repository that its payload is about."""

    delivery: Delivery
    payload: Payload
    seen: Seen | None


async def settle(desk: Desk, taken: Taken) -> Answer:
    """Store a delivery durably, and say where; 503 when nothing could be written."""
    if taken.delivery.event == "ping":
        return answers.PONG
    if not desk.breaker.is_open:
        try:
            return await store(desk, taken)
        except SQLAlchemyError as error:
            desk.breaker.trip(error)
    return await aside(spool, desk, taken.delivery)


async def store(desk: Desk, taken: Taken) -> Answer:
    """Decide a delivery's fate, and commit it. Raises SQLAlchemyError when the database is down."""
    ends = monotonic() + PATIENCE
    if is_quick(len(taken.delivery.body)) and not must_ask(desk.watch, taken.seen):
        found = fate(desk.engine, desk.watch, *taken)
    else:
        found = await aside(ask, desk, taken)
    outcome = await desk.group.store(found, ends - monotonic())
    if outcome.state == apply.IGNORED:
        watched = desk.watch.patterns if found.is_foreign else ()
        return answers.ignored(str(outcome.why), watched)
    if outcome.state == apply.QUARANTINED:
        return answers.quarantined(str(outcome.why))
    return answers.stored(outcome.state)


def is_quick(length: int) -> bool:
    """Tell whether a body is verified, parsed and mapped so fast that others may wait for it."""
    return length <= QUICK_BYTES


def ask(desk: Desk, taken: Taken) -> Fate:
    """Decide a delivery's fate, for which the database may be asked. Raises SQLAlchemyError."""
    if desk.breaker.is_open:  # since it waits for a thread
        raise deadline.Late("the database has failed others meanwhile")
    with deadline.within(ASKING_SECONDS):
        return fate(desk.engine, desk.watch, *taken)


def spool(desk: Desk, delivery: Delivery) -> Answer:
    """Keep a delivery for the time when the database is back."""
    if desk.spool is None:
        return answers.UNAVAILABLE
    try:
        desk.spool.put(delivery)
    except SpoolError as error:
        SPOOL.bad(str(error))
        return answers.UNAVAILABLE
    SPOOL.good()
    return answers.SPOOLED


def can_store(desk: Desk) -> bool:
    """Tell whether a delivery that came now could be stored, in the database or in the spool."""
    if not desk.breaker.is_open:
        try:
            with deadline.within(ASKING_SECONDS):
                apply.is_known(desk.engine, "github", 0)
            return True
        except SQLAlchemyError as error:
            desk.breaker.trip(error)
    if desk.spool is None:
        return False
    try:
        desk.spool.check()
    except SpoolError as error:
        SPOOL.bad(str(error))
        return False
    return True
