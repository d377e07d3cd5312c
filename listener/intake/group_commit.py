"""Deliveries that come at once share a transaction: one commit, one wait for the disk.

One thread per process takes what has queued up, writes it, and wakes the requests that brought it.
The processes of a listener take turns: deliveries of one run come together, and two transactions
that hold its rows would wait for each other with half as many deliveries in each.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent import futures
from contextlib import AbstractContextManager, nullcontext, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Engine

from engines import deadline
from listener.intake.gathering import Gathering
from listener.intake.log_lines import log_bug
from runtime.file_lock import FileLock
from store.doors.decide import Decision
from store.doors.webhook import DeliveryOutcome, Outcomes, Rows, make_rows, store_each
from store.write.first_reads import nothing

MOST = 64
"""Deliveries in one transaction: rows stay locked no longer than it takes to write them."""
BATCH_SECONDS = 3.5
"""For all that one batch asks of the database."""

LATE = "the database took too long"

Learn = Callable[[DeliveryOutcome | Exception], None]
"""Is given an outcome, or what went wrong."""


class Listening:
    """Where an outcome goes to a function, in its loop: no task is woken for it."""

    def __init__(self, learn: Learn, seconds: float) -> None:
        """Let it be late after so many seconds."""
        self.learn, self.is_done = learn, False
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(seconds, self.settle_late)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that it is in."""
        return self.loop

    def done(self) -> bool:
        """Tell whether there is an outcome."""
        return self.is_done

    def settle_late(self) -> None:
        """Give up."""
        self.set_result(deadline.Late(LATE))

    def set_result(self, outcome: DeliveryOutcome | Exception) -> None:
        """Pass an outcome on; what goes wrong there is none of the other deliveries' business."""
        if not self.is_done:
            self.is_done = True
            self.timer.cancel()
            try:
                self.learn(outcome)
            except Exception as error:  # noqa: BLE001 - as a loop does with what it calls
                self.loop.call_exception_handler({"message": "an answer broke", "exception": error})

    set_exception = set_result


Awaited = asyncio.Future[DeliveryOutcome] | futures.Future[DeliveryOutcome] | Listening
"""Where an outcome is waited for: in a loop, or in a thread."""
Answered = tuple[Awaited, DeliveryOutcome | Exception]
"""Where an outcome is waited for, and the outcome or what went wrong."""


class Ticket(NamedTuple):
    """A delivery on its way through a batch, and the one place where its outcome is awaited."""

    decision: Decision
    answer: Awaited


class GroupCommit:
    """One per process; its thread starts with the first delivery.

    While a batch is written the next one gathers, and where many came together it waits a moment
    for as many: the busier, the larger.
    """

    def __init__(self, engine: Engine, turns: FileLock | None = None) -> None:
        """Write to `engine`, in turns with the processes that lock the same file."""
        self.engine = engine
        self.turns = turns
        self.queue: SimpleQueue[Ticket] = SimpleQueue()
        self.gathering = Gathering(self.queue.qsize)
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None

    async def store(self, decision: Decision, seconds: float) -> DeliveryOutcome:
        """Return what became of a delivery once it is committed.

        Raises Late when that takes longer: it may be stored all the same, and its guid makes that
        harmless. Raises SQLAlchemyError when the database fails.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[DeliveryOutcome] = loop.create_future()
        self.put(Ticket(decision, answer))
        timer = loop.call_later(seconds, settle, answer, deadline.Late(LATE))
        try:
            return await answer
        finally:
            timer.cancel()

    def store_soon(self, decision: Decision, seconds: float, learn: Learn) -> None:
        """Do what `store` does, and give what came of it to a function."""
        self.put(Ticket(decision, Listening(learn, seconds)))

    def store_waiting(self, decision: Decision, seconds: float) -> DeliveryOutcome:
        """Return the same as `store`, to a thread that may wait. Raises the same."""
        answer: futures.Future[DeliveryOutcome] = futures.Future()
        self.put(Ticket(decision, answer))
        try:
            return answer.result(max(0, seconds))
        except futures.TimeoutError:
            raise deadline.Late(LATE) from None

    def put(self, ticket: Ticket) -> None:
        """Queue a delivery up for the thread that writes, which the first one starts."""
        if self.thread is None:
            self.start()
        self.queue.put(ticket)
        self.gathering.note()

    def start(self) -> None:
        """Start the thread that writes. Raises RuntimeError: nothing is queued then."""
        with self.starting:
            if self.thread is None:
                thread = threading.Thread(target=self.work, name="write", daemon=True)
                thread.start()
                self.thread = thread

    def work(self) -> None:
        """Write batch after batch until the process ends."""
        while True:
            batch = [self.queue.get()]
            self.gathering.wait()
            began = monotonic()
            self.write(batch)
            self.gathering.learn_time(monotonic() - began)

    def write(self, batch: list[Ticket]) -> None:
        """Write a batch, with all that has come by its turn, and tell what became of it."""
        made: Rows = {}

        def prepare() -> None:
            batch.extend(self.queued(MOST - 1))
            make_rows((ticket.decision for ticket in batch), made)

        try:
            with self.turn(prepare) as give_back, deadline.within(BATCH_SECONDS):
                batch += self.queued(MOST - len(batch))
                decisions = [ticket.decision for ticket in batch]
                awaited = iter([ticket.answer for ticket in batch])

                def tell_next(outcomes: Outcomes) -> None:
                    self.gathering.learn(min(MOST, len(decisions) + self.queue.qsize()))
                    tell((next(awaited), outcome) for outcome in outcomes)

                store_each(self.engine, decisions, log_bug, give_back, made, tell_next)
        except Exception as error:  # noqa: BLE001 - raised again where the answers are awaited
            # Those that wait would fare no better, and have waited already.
            batch += self.queued(self.queue.qsize())
            tell((ticket.answer, error) for ticket in batch)

    def turn(self, meanwhile: Callable[[], None]) -> AbstractContextManager[Callable[[], None]]:
        """Return this process's turn to write, which what it gives ends early.

        Where it has to wait for that, it does something meanwhile.
        """
        return nullcontext(nothing) if self.turns is None else self.turns.held(meanwhile)

    def queued(self, most: int) -> list[Ticket]:
        """Return what waits, without waiting for more."""
        tickets: list[Ticket] = []
        while len(tickets) < most:
            try:
                tickets.append(self.queue.get_nowait())
            except Empty:
                break
        return tickets


def tell(answers: Iterable[Answered]) -> None:
    """Give answers to the threads and loops that wait for them; a loop is woken once for all."""
    loops = defaultdict(list)
    for answer, outcome in answers:
        if isinstance(answer, asyncio.Future | Listening):
            loops[answer.get_loop()].append((answer, outcome))
        else:
            settle(answer, outcome)
    for loop, awaited in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle_all, awaited)


def settle_all(answers: Iterable[Answered]) -> None:
    """Give answers, in the loop that awaits them."""
    for answer, outcome in answers:
        settle(answer, outcome)


def settle(answer: Awaited, outcome: DeliveryOutcome | Exception) -> None:
    """Give an answer, unless it came too late or its sender has left."""
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
