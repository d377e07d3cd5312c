"""Deliveries that come at once share a transaction: one commit, one wait for the disk.

One thread per process takes what has queued up, writes it, and wakes the requests that brought it.
The processes of a listener take turns: deliveries of one run come together, and two transactions
that hold its rows would wait for each other with half as many deliveries in each.
"""

from __future__ import annotations

import asyncio
import fcntl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, NamedTuple

from sqlalchemy import Engine

from engines import deadline
from listener.intake.decisions import log_bug
from store.doors.decide import Decision
from store.doors.webhook import DeliveryOutcome, key_of, nothing, store_each

MOST = 64
"""Deliveries in one transaction: rows stay locked no longer than it takes to write them."""
BATCH_SECONDS = 3.5
"""For all that one batch asks of the database."""

Answered = tuple[asyncio.Future[DeliveryOutcome], DeliveryOutcome | Exception]
"""Where an outcome is awaited, and the outcome or what went wrong."""


class Ticket(NamedTuple):
    """A delivery on its way through a batch, and the one place where its outcome is awaited."""

    decision: Decision
    answer: asyncio.Future[DeliveryOutcome]


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

    async def store(self, decision: Decision, seconds: float) -> DeliveryOutcome:
        """Return what became of a delivery once it is committed.

        Raises Late when that takes longer: it may be stored all the same, and its guid makes that
        harmless. Raises SQLAlchemyError when the database fails.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(decision, loop.create_future())
        self.queue.put(ticket)
        self.begin()
        late = deadline.Late("the database took too long")
        timer = loop.call_later(seconds, settle, ticket.answer, late)
        try:
            return await ticket.answer
        finally:
            timer.cancel()

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
                with held(self.turn) as give_back, deadline.within(BATCH_SECONDS):
                    batch += self.queued(MOST - 1)
                    decisions = [ticket.decision for ticket in batch]
                    outcomes = store_each(self.engine, decisions, log_bug, give_back)
                tell((ticket.answer, outcomes[key_of(ticket.decision)]) for ticket in batch)
            except Exception as error:  # noqa: BLE001 - raised again where the answers are awaited
                # Those that wait would fare no better, and have waited already.
                batch += self.queued(self.queue.qsize())
                tell((one.answer, error) for one in batch)

    def queued(self, most: int) -> list[Ticket]:
        """Return what waits, without waiting for more."""
        found: list[Ticket] = []
        while len(found) < most:
            try:
                found.append(self.queue.get_nowait())
            except Empty:
                break
        return found


def tell(those: Iterable[Answered]) -> None:
    """Give answers to the loops that await them, which are woken once for all."""
    loops = defaultdict(list)
    for answer, found in those:
        loops[answer.get_loop()].append((answer, found))
    for loop, answers in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle_all, answers)


def settle_all(answers: Iterable[Answered]) -> None:
    """Give answers, in the loop that awaits them."""
    for answer, found in answers:
        settle(answer, found)


def settle(answer: asyncio.Future[DeliveryOutcome], found: DeliveryOutcome | Exception) -> None:
    """Give an answer, unless it came too late or its sender has left."""
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


@contextmanager
def held(turn: IO[bytes] | None) -> Iterator[Callable[[], None]]:
    """Hold a file's lock in the block, or until it is given back.

    The kernel takes it back from a process that ends.
    """
    if turn is None:
        yield nothing
        return
    fcntl.flock(turn, fcntl.LOCK_EX)
    give_back = partial(fcntl.flock, turn, fcntl.LOCK_UN)
    try:
        yield give_back
    finally:
        give_back()


def own(turn: IO[bytes]) -> IO[bytes]:
    """Open a file anew that was opened before the fork: its lock is then this process's own.

    Not lockf: the kernel takes processes whose threads hold and wait for two locks for a deadlock.
    """
    return Path(f"/proc/self/fd/{turn.fileno()}").open("rb")
