"""Where a verified delivery is stored: in the database, or in the spool while that is down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.watch import Watch
from engines import deadline
from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.circuit_breaker import CircuitBreaker
from listener.intake.group_commit import GroupCommit
from listener.intake.log_lines import log_decision
from listener.intake.threads import off_loop
from runtime import log
from runtime.log import ChangeAlert
from store.deliveries.spool import Spool, SpoolError
from store.deliveries.table import IGNORED, QUARANTINED, Delivery
from store.doors.decide import Decision, Received, decide, is_stored, needs_database
from store.doors.webhook import DeliveryOutcome

DATABASE_SECONDS = 5.0
"""Seconds that a request waits for the database. When that was too long, others that wait for a
thread go straight to the spool: together with the write to it less than 8."""
ASKING_SECONDS = 3.5
"""For a question to the database that comes before the batch, or in its place."""

QUICK_BYTES = 256 * 1024
"""A longer body takes milliseconds, in which nobody else would be answered."""

SPOOL = ChangeAlert("the spool cannot be written", "the spool can be written")


class Intake(NamedTuple):
    """What deliveries are received with; without a spool they are refused while the database is
    down."""

    engine: Engine
    group_commit: GroupCommit
    secrets: Mapping[str, tuple[bytes, ...]]
    """By vendor."""
    watch: Watch
    breaker: CircuitBreaker
    spool: Spool | None
    servers: Mapping[str, str] = MappingProxyType({})
    """The provider of a vendor's deliveries that name no server."""
    refused: frozenset[str] = frozenset()
    """Vendors whose deliveries do not wait in the spool (ON_DATABASE_DOWN=503): they come again."""


async def settle(intake: Intake, received: Received) -> Answer:
    """Store a delivery durably, and say where; 503 when nothing could be written."""
    if received.delivery.event == "ping":
        return answers.PONG
    if not intake.breaker.is_open:
        try:
            return await store(intake, received)
        except SQLAlchemyError as error:
            intake.breaker.trip(error)
    return await off_loop(spool, intake, received.delivery)


async def store(intake: Intake, received: Received) -> Answer:
    """Decide about a delivery, and commit it. Raises SQLAlchemyError when the database is down."""
    ends = monotonic() + DATABASE_SECONDS
    is_short = is_quick(len(received.delivery.body))
    if is_short and not needs_database(intake.watch, received.repository):
        decision = decide(intake.engine, intake.watch, received)
    else:
        decision = await off_loop(ask, intake, received)
    log_decision(decision)
    outcome = await intake.group_commit.store(decision, ends - monotonic())
    return answer_of(intake, decision, outcome)


def settle_soon(intake: Intake, received: Received, tell: Callable[[Answer], None]) -> None:
    """Do what `settle` does, and tell the answer; only what is not plain takes a task."""
    delivery = received.delivery
    is_plain = delivery.event != "ping" and not intake.breaker.is_open
    if not is_plain or needs_database(intake.watch, received.repository):
        run(settle(intake, received), tell)
        return
    decision = decide(intake.engine, intake.watch, received)
    log_decision(decision)

    def learn(outcome: DeliveryOutcome | Exception) -> None:
        if isinstance(outcome, DeliveryOutcome):
            tell(answer_of(intake, decision, outcome))
        elif isinstance(outcome, SQLAlchemyError):
            intake.breaker.trip(outcome)
            run(off_loop(spool, intake, delivery), tell)
        else:
            log.crash("a delivery broke", outcome, event=delivery.event, guid=delivery.guid)
            tell(answers.UNAVAILABLE)

    intake.group_commit.store_soon(decision, DATABASE_SECONDS, learn)


RUNNING = set[asyncio.Task[None]]()
"""A loop keeps no task alive by itself."""


def run(answering: Awaitable[Answer], tell: Callable[[Answer], None]) -> None:
    """Tell an answer when it is there."""

    async def wait() -> None:
        try:
            answer = await answering
        except Exception as error:  # noqa: BLE001 - answered as what it is: nothing was stored
            log.crash("a request broke", error)
            answer = answers.UNAVAILABLE
        tell(answer)

    task = asyncio.get_running_loop().create_task(wait())
    RUNNING.add(task)
    task.add_done_callback(RUNNING.discard)


def settle_waiting(intake: Intake, received: Received) -> Answer:
    """Do what `settle` does, in a thread that may wait."""
    if received.delivery.event == "ping":
        return answers.PONG
    if not intake.breaker.is_open:
        ends = monotonic() + DATABASE_SECONDS
        try:
            decision = ask(intake, received)
            log_decision(decision)
            outcome = intake.group_commit.store_waiting(decision, ends - monotonic())
            return answer_of(intake, decision, outcome)
        except SQLAlchemyError as error:
            intake.breaker.trip(error)
    return spool(intake, received.delivery)


def answer_of(intake: Intake, decision: Decision, outcome: DeliveryOutcome) -> Answer:
    """Return what the sender of a committed delivery is told."""
    if outcome.state == IGNORED:
        watched = intake.watch.patterns if decision.is_foreign else ()
        return answers.ignored(str(outcome.reason), watched)
    if outcome.state == QUARANTINED:
        return answers.quarantined(str(outcome.reason))
    return answers.stored(outcome.state)


def is_quick(length: int) -> bool:
    """Tell whether a body is verified, parsed and mapped so fast that others may wait for it."""
    return length <= QUICK_BYTES


def ask(intake: Intake, received: Received) -> Decision:
    """Decide about a delivery, for which the database may be asked. Raises SQLAlchemyError."""
    if intake.breaker.is_open:  # since it waits for a thread
        raise deadline.Late("the database has failed others meanwhile")
    with deadline.within(ASKING_SECONDS):
        return decide(intake.engine, intake.watch, received)


def spool(intake: Intake, delivery: Delivery) -> Answer:
    """Keep a delivery for the time when the database is back."""
    if intake.spool is None or delivery.provider.partition(":")[0] in intake.refused:
        return answers.UNAVAILABLE
    try:
        intake.spool.put(delivery)
    except SpoolError as error:
        SPOOL.warn(str(error))
        return answers.UNAVAILABLE
    SPOOL.clear()
    return answers.SPOOLED


def can_store(intake: Intake) -> bool:
    """Tell whether a delivery that came now could be stored, in the database or in the spool."""
    if not intake.breaker.is_open:
        try:
            with deadline.within(ASKING_SECONDS):
                is_stored(intake.engine, "probe", 0)
            return True
        except SQLAlchemyError as error:
            intake.breaker.trip(error)
    if intake.spool is None:
        return False
    try:
        intake.spool.check()
    except SpoolError as error:
        SPOOL.warn(str(error))
        return False
    return True
