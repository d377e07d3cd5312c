"""Deliveries that come at once share a transaction: one commit, one wait for the disk.

One thread per process takes what has queued up, writes it, and wakes the requests that brought it.
The processes of a listener take turns: deliveries of one run come together, and two transactions
that hold its rows would wait for each other with half as many deliveries in each.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from sqlalchemy import Engine

from listener.fate import refusal
from store import deadline
from store.batch import Fate, Outcome, key_of, store_each

MOST = 64
"""Deliveries in one transaction: rows stay locked no longer than it takes to write them."""
BATCH_SECONDS = 3.5
"""For all that one batch asks of the database."""


class Ticket:
    """A delivery on its way through a batch: what became of it, or the error that stopped it."""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        self.done = threading.Event()
        self.outcome = Outcome("")
        self.error: Exception | None = None


class Group:
    """One per process; its thread starts with the first delivery.

    While a batch is written the next one gathers: the busier, the larger.
    """

    def __init__(self, engine: Engine, turn: IO[bytes] | None = None) -> None:
        """Write to `engine`, in turns with those who open the same file as `turn`."""
        self.engine = engine
        self.turn = turn
        self.queue: SimpleQueue[Ticket] = SimpleQueue()
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def store(self, fate: Fate, seconds: float) -> Outcome:
        """Return what became of a delivery once it is committed.

        Raises Late when that takes longer: it may be stored all the same, and its guid makes that
        harmless. Raises SQLAlchemyError when the database fails.
        """
        ticket = Ticket(fate)
        self.queue.put(ticket)
        self.begin()
        if not ticket.done.wait(seconds):
            raise deadline.Late("the database took too long")
        if ticket.error is not None:
            raise ticket.error
        return ticket.outcome

    def begin(self) -> None:
        """Start the thread, once."""
        if self.thread is not None:
            return
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, name="write", daemon=True)
                self.thread.start()

    def work(self) -> None:
        """Write batch after batch until the process ends."""
        while True:
            batch = [self.queue.get()]
            try:
                with held(self.turn), deadline.within(BATCH_SECONDS):
                    batch += self.queued(MOST - 1)
                    outcomes = store_each(self.engine, [one.fate for one in batch], refusal)
                for one in batch:
                    one.outcome = outcomes[key_of(one.fate)]
            except Exception as error:  # noqa: BLE001 - raised again in the requests' threads
                # Those that wait would fare no better, and have waited already.
                batch += self.queued(self.queue.qsize())
                for one in batch:
                    one.error = error
            for one in batch:
                one.done.set()

    def queued(self, most: int) -> list[Ticket]:
        """Return what waits, without waiting for more."""
        found: list[Ticket] = []
        while len(found) < most:
            try:
                found.append(self.queue.get_nowait())
            except Empty:
                break
        return found


@contextmanager
def held(turn: IO[bytes] | None) -> Iterator[None]:
    """Hold a file's lock in the block; the kernel takes it back from a process that ends."""
    if turn is None:
        yield
        return
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)


def own(turn: IO[bytes]) -> IO[bytes]:
    """Open a file anew that was opened before the fork: its lock is then this process's own.

    Not lockf: the kernel takes processes whose threads hold and wait for two locks for a deadlock.
    """
    return Path(f"/proc/self/fd/{turn.fileno()}").open("rb")
