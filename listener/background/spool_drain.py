"""Write the spool back to the database, oldest first, and delete only what is committed there.

Every process starts a thread; a lock in the spool's folder lets one of them work, over all
listeners that share the folder. The kernel hands the lock on when its holder ends, however.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import BinaryIO, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.watch import Watch
from engines import faults
from listener.background.spool_sharing import hold_mark, is_shared
from listener.intake.circuit_breaker import CircuitBreaker
from listener.intake.log_lines import log_bug, log_decision
from runtime import log
from runtime.file_lock import FileLock
from runtime.log import ChangeAlert
from store.deliveries.spool import Spool
from store.deliveries.spool_file import Entry
from store.deliveries.table import QUARANTINED
from store.doors import webhook
from store.doors.decide import decide_each

BATCH = 400
"""Deliveries in one transaction: twice as many save a tenth of the work on each; a request that
wants their rows, or SQLite's one lock, waits for all of them."""
IDLE_SECONDS = 1.0
FAILED_SECONDS = 5.0
TRIES = 3
WRITING = ChangeAlert("cannot write the spool back to the database", "writing the spool back again")


class SpoolDrain(NamedTuple):
    """What deliveries are written back with; `failures` counts by the number of an entry."""

    engine: Engine
    watch: Watch
    spool: Spool
    breaker: CircuitBreaker
    probe: Callable[[], None]
    failures: Counter[int]


def work(drain: SpoolDrain) -> None:
    """Wait for the turn, then write back whatever comes, until the process ends."""
    folder, mark = drain.spool.folder, None
    while True:
        try:
            with closing(FileLock(folder / "drain.lock")) as lock:
                mark = mark or hold_mark(folder, drain.engine.url)
                is_shared(mark)  # to be told while others have the turn, too
                with lock.held():
                    serve(drain, mark)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever is wrong
            WRITING.warn(faults.cause(error))
        time.sleep(FAILED_SECONDS)


def serve(drain: SpoolDrain, mark: BinaryIO) -> None:
    """Write back while the breaker is closed and the spool is ours. Raises SpoolError, OSError."""
    written = False
    while True:
        if drain.breaker.is_open or is_shared(mark):
            time.sleep(IDLE_SECONDS)
            continue
        entries = drain.spool.take(BATCH)
        WRITING.clear()
        if entries:
            step(drain, entries)
            written = True
            continue
        if written:
            log.info("the spool is empty")
            drain.spool.shrink()
            written = False
        time.sleep(IDLE_SECONDS)


def step(drain: SpoolDrain, entries: Sequence[Entry]) -> None:
    """Write a batch back, or note why not. Raises SpoolError."""
    first = entries[0].number
    try:
        if drain.failures[first] < TRIES:
            write(drain, entries)
            drain.failures.clear()
        else:
            for entry in entries:
                try_alone(drain, entry)
            time.sleep(IDLE_SECONDS)
    except SQLAlchemyError as error:
        drain.failures[first] += 1
        drain.breaker.trip(error)
        if not drain.breaker.is_open:  # rows that others lock
            time.sleep(IDLE_SECONDS)


def write(drain: SpoolDrain, entries: Sequence[Entry]) -> None:
    """Store entries in as few transactions as their data allows, then delete them."""
    waiting = [entry.delivery for entry in entries]
    decided = decide_each(drain.engine, drain.watch, waiting)
    decisions = [
        decision._replace(packed=entry.packed)
        for entry, decision in zip(entries, decided, strict=True)
    ]
    for decision in decisions:
        log_decision(decision)
    outcomes = webhook.store_each(drain.engine, decisions, log_bug)
    for delivery, outcome in zip(waiting, outcomes, strict=True):
        if outcome.state == QUARANTINED:
            log.warning("quarantined", guid=delivery.guid, why=outcome.reason)
    drain.spool.remove(entry.number for entry in entries)


def try_alone(drain: SpoolDrain, entry: Entry) -> None:
    """Store an entry whose batch failed time and again while the database was well.

    One that still fails between probes that succeed is quarantined, or left where it is: it must
    not stop the others. Raises what the probe raises while the database cannot be written to.
    """
    why = ""
    for _ in range(2):
        try:
            write(drain, [entry])
            return
        except SQLAlchemyError as error:
            why = faults.cause(error)
            drain.probe()
    try:
        quarantine(drain, entry, why)
        drain.spool.remove([entry.number])
    except SQLAlchemyError as error:
        drain.probe()
        log.warning("it stays in the spool", guid=entry.delivery.guid, why=faults.cause(error))


def quarantine(drain: SpoolDrain, entry: Entry, why: str) -> None:
    """Keep a delivery without its rows. Raises SQLAlchemyError."""
    log.warning("quarantined", event=entry.delivery.event, guid=entry.delivery.guid, why=why)
    webhook.quarantine(drain.engine, entry.delivery, why)
