"""Where a verified delivery is stored: in the database, or in the spool while that is down."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from listener import answer
from listener.answer import Answer
from listener.breaker import Breaker
from listener.condition import Condition
from listener.fate import fate, refusal
from listener.watch import Watch
from store import apply, deadline
from store.deliveries import Delivery
from store.spool import Spool, SpoolError

DATABASE_SECONDS = 3.5
"""For all that one request asks of the database. A request may first wait as long for a thread
that does the same, and write to the spool after it: together less than 8."""

SPOOL = Condition("the spool cannot be written", "the spool can be written")


class Desk(NamedTuple):
    """What deliveries are received with; without a spool (ON_DATABASE_DOWN=503) they are refused
    while the database is down."""

    engine: Engine
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
            with deadline.within(DATABASE_SECONDS):
                return store(desk, delivery, payload)
        except SQLAlchemyError as error:
            desk.breaker.trip(error)
    return spool(desk, delivery)


def store(desk: Desk, delivery: Delivery, payload: dict[str, Any]) -> Answer:
    """Decide a delivery's fate, and commit it. Raises SQLAlchemyError when the database is down."""
    state, why = (found := fate(desk.engine, desk.watch, delivery, payload)).state, found.why
    if state == apply.IGNORED:
        outcome = apply.ignore(desk.engine, delivery, str(why))
        watched = desk.watch.patterns if found.is_foreign else ()
        return answer.stored(outcome) if outcome != state else answer.ignored(str(why), watched)
    if found.mapped is not None:
        try:
            return answer.stored(apply.store(desk.engine, delivery, found.mapped))
        except Exception as error:
            why = refusal(error, delivery)
            if why is None:
                raise
    outcome = apply.quarantine(desk.engine, delivery, str(why))
    quarantined = outcome == apply.QUARANTINED
    return answer.quarantined(str(why)) if quarantined else answer.stored(outcome)


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
            with deadline.within(DATABASE_SECONDS):
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
