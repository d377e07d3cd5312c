"""The lease of one reconciler: waited for, kept by a thread, given up."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from backfill.http.rate_limit import RateLimit
from backfill.reconcile.reporter import Voice
from config.settings import Settings
from engines import faults
from engines.mysql import database_time, reading
from store.state import leases

LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 0.5
LOOK_SECONDS = 5.0
"""Between two looks of one that waits for the lease."""


class Seat(NamedTuple):
    """The lease that one process holds, or waits for."""

    engine: Engine
    name: str
    holder: str


def lease_name(settings: Settings) -> str:
    """Return what replicas of one installation have in common: what they watch, and where."""
    patterns = sorted(pattern.lower() for pattern in settings.repos)
    told = "\n".join([settings.source.url, *patterns])
    return f"reconcile {hashlib.sha256(told.encode()).hexdigest()[:16]}"


def own_name() -> str:
    """Return a name that no other process has."""
    return f"{socket.gethostname()[:200]} {os.getpid()} {secrets.token_hex(4)}"


def wait_for(seat: Seat, stop: threading.Event, *, once: bool) -> bool:
    """Take the lease when it is free; False when told to stop, or at once where another has it."""
    while not stop.is_set():
        with reading(seat.engine).connect() as connection:
            held = leases.held(connection, seat.name)
            free = held is None or held.endtime <= database_time(connection)
        if free and leases.take(seat.engine, seat.name, seat.holder, LEASE_SECONDS):
            return True
        if once:
            return False
        stop.wait(LOOK_SECONDS)
    return False


@contextmanager
def kept(
    seat: Seat, limits: RateLimit, voice: Voice, stop: threading.Event
) -> Iterator[threading.Event]:
    """Keep the lease by a thread; give an event that is set when it is lost or all is to end.

    Requests end then, so that the cycle does. At the end of the block the lease is given up.
    """
    over, done = threading.Event(), threading.Event()

    def keep() -> None:
        until = time.monotonic() + LEASE_SECONDS
        while not (done.wait(HEARTBEAT_SECONDS) or stop.is_set()):
            if until - time.monotonic() > LEASE_SECONDS * 2 / 3:
                continue
            began = time.monotonic()
            try:
                if not leases.take(seat.engine, seat.name, seat.holder, LEASE_SECONDS):
                    break
                until = began + LEASE_SECONDS
            except SQLAlchemyError:
                if time.monotonic() >= until:
                    break
        if not (done.is_set() or stop.is_set()):
            voice.write("warning", "the lease is lost: another process may take over")
        over.set()
        limits.stop()

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield over
    finally:
        done.set()
        thread.join()
        try:
            leases.release(seat.engine, seat.name, seat.holder)
        except SQLAlchemyError as error:
            voice.write("warning", f"the lease runs out by itself: {faults.cause(error)}")
