"""Where a verified delivery is stored: in the database, or in the spool while that is down."""

from __future__ import annotations

from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from listener import answer
from listener.answer import Answer
from listener.breaker import Breaker
from listener.condition import Condition
from listener.fate import fate
from listener.group import Group
from listener.watch import Watch
from store import apply, deadline
from store.deliveries import Delivery
from store.spool import Spool, SpoolError

PATIENCE = 5.0
"""Seconds that a request waits for the database. When that was too long, others that wait for a
thread go straight to the spool: together with the write to it less than 8."""
ASKING_SECONDS = 3.5
"""For a question to the database that comes before the batch, or in its place."""

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


def settle(desk: Desk, delivery: Delivery, payload: dict[str, Any]) -> Answer:
    """Store a delivery durably, and say where; 503 when nothing could be written."""
    if delivery.event == "ping":
        return answer.PONG
    if not desk.breaker.is_open:
        try:
            return store(desk, delivery, payload)
        except SQLAlchemyError as error:
            desk.breaker.trip(error)
    return spool(desk, delivery)


def store(desk: Desk, delivery: Delivery, payload: dict[str, Any]) -> Answer:
    """Decide a delivery's fate, and commit it. Raises SQLAlchemyError when the database is down."""
    ends = monotonic() + PATIENCE
    with deadline.within(ASKING_SECONDS):
        found = fate(desk.engine, desk.watch, delivery, payload)
    outcome = desk.group.store(found, ends - monotonic())
    if outcome.state == apply.IGNORED:
        watched = desk.watch.patterns if found.is_foreign else ()
        return answer.ignored(str(outcome.why), watched)
    if outcome.state == apply.QUARANTINED:
        return answer.quarantined(str(outcome.why))
    return answer.stored(outcome.state)


def spool(desk: Desk, delivery: Delivery) -> Answer:
    """Keep a delivery for the time when the database is back."""
    if desk.spool is None:
        return answer.UNAVAILABLE
    try:
        desk.spool.put(delivery)
    except SpoolError as error:
        SPOOL.bad(str(error))
        return answer.UNAVAILABLE
    SPOOL.good()
    return answer.SPOOLED


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
