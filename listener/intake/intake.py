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
from listener.intake.decisions import log_decision
from listener.intake.group_commit import Group
from listener.intake.threads import aside
from runtime.condition import Condition
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.table import IGNORED, QUARANTINED, Delivery
from store.doors.decide import Decision, Received, decide, is_stored, needs_database

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


async def settle(desk: Desk, received: Received) -> Answer:
    """Store a delivery durably, and say where; 503 when nothing could be written."""
    if received.delivery.event == "ping":
        return answers.PONG
    if not desk.breaker.is_open:
        try:
            return await store(desk, received)
        except SQLAlchemyError as error:
            desk.breaker.trip(error)
    return await aside(spool, desk, received.delivery)


async def store(desk: Desk, received: Received) -> Answer:
    """Decide about a delivery, and commit it. Raises SQLAlchemyError when the database is down."""
    ends = monotonic() + PATIENCE
    is_short = is_quick(len(received.delivery.body))
    if is_short and not needs_database(desk.watch, received.repository):
        decision = decide(desk.engine, desk.watch, received)
    else:
        decision = await aside(ask, desk, received)
    log_decision(decision)
    outcome = await desk.group.store(decision, ends - monotonic())
    if outcome.state == IGNORED:
        watched = desk.watch.patterns if decision.is_foreign else ()
        return answers.ignored(str(outcome.reason), watched)
    if outcome.state == QUARANTINED:
        return answers.quarantined(str(outcome.reason))
    return answers.stored(outcome.state)


def is_quick(length: int) -> bool:
    """Tell whether a body is verified, parsed and mapped so fast that others may wait for it."""
    return length <= QUICK_BYTES


def ask(desk: Desk, received: Received) -> Decision:
    """Decide about a delivery, for which the database may be asked. Raises SQLAlchemyError."""
    if desk.breaker.is_open:  # since it waits for a thread
        raise deadline.Late("the database has failed others meanwhile")
    with deadline.within(ASKING_SECONDS):
        return decide(desk.engine, desk.watch, received)


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
                is_stored(desk.engine, "github", 0)
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
