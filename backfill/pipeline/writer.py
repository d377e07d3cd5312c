"""One thread that writes: what was fetched is stored in batches while more is fetched."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple

from sqlalchemy import Engine

from backfill.pipeline.database_outage import OutageRetry
from store.doors import api
from store.doors.api import Counts, Read
from store.doors.refusals import reason_of, write_each
from store.state.backfill_progress import Note

BATCH_ROWS = 600
"""Objects in one transaction: few enough that a listener beside us waits for less than a second."""
BATCH_PARTS = 128
"""Parts that are not committed yet, those being written included; then fetching waits: two batches
of runs of 8 jobs, so that one gathers while the other is written. With 64 every second one had what
was left over: 7 runs after 57. A kill makes the next command ask for so many again."""


class AtomicWrite(NamedTuple):
    """What is written together or not at all: rows, and the note that they are stored."""

    reads: Sequence[Read]
    note: Note | None = None


Item = AtomicWrite | threading.Event | None
"""What is put: a part, somebody who waits until all before is stored, or the end."""


class Batch:
    """Parts that are written together."""

    def __init__(self) -> None:
        self.parts: list[AtomicWrite] = []
        self.size = 0
        """Of their objects."""
        self.joined: list[Read] = []
        """Their objects, those that say the same of their repository as one."""
        self.waiting: list[threading.Event] = []
        self.is_last = False


class Writer:
    """Writes parts in the order they come. An error is raised where the next part is put.

    `refused` is told of rows that no column holds; the others are written.
    """

    def __init__(
        self, engine: Engine, refused: Callable[[str], None], patience: OutageRetry
    ) -> None:
        self.engine = engine
        self.refused = refused
        self.patience = patience
        self.counts: Counts = Counter()
        self.error: BaseException | None = None
        self.room = threading.Semaphore(BATCH_PARTS)
        self.parts: SimpleQueue[Item] = SimpleQueue()
        self.batch, self.next = Batch(), Batch()
        threading.Thread(target=self.work, name="write", daemon=True).start()

    def put(self, reads: Sequence[Read] = (), note: Note | None = None) -> None:
        """Hand over rows and a note of them; wait while too many are not committed."""
        self.check()
        self.room.acquire()
        self.parts.put(AtomicWrite(reads, note))

    def flush(self) -> None:
        """Wait until all that was handed over is stored."""
        done = threading.Event()
        self.parts.put(done)
        done.wait()
        self.check()

    def close(self) -> None:
        """Store what was handed over, and end; an error is left for `check`."""
        self.patience.over.set()
        done = threading.Event()
        self.parts.put(done)
        self.parts.put(None)
        done.wait()

    def check(self) -> None:
        """Raise what stopped the writing."""
        if self.error is not None:
            raise self.error

    def work(self) -> None:
        """Write until it is closed; after an error only take what is put, so none hangs."""
        more = True
        while more:
            self.batch, self.next = self.next, Batch()
            try:
                self.gather(self.batch, may_wait=True)
                if self.batch.parts and self.error is None:
                    self.write(self.batch.parts)
            except BaseException as error:  # noqa: BLE001 - raised again by `check`, in its thread
                self.error = self.error or error
            more = not self.batch.is_last
            if self.batch.parts:
                self.room.release(len(self.batch.parts))
            for waiting in self.batch.waiting:
                waiting.set()

    def gather(self, batch: Batch, *, may_wait: bool = False) -> None:
        """Take what was put into a batch, until it is full; wait for the first of it."""
        reads = list[Read]()
        may_wait &= not (batch.parts or batch.waiting or batch.is_last)
        while len(reads) + batch.size < BATCH_ROWS:
            try:
                item = self.parts.get(block=may_wait)
            except Empty:
                break
            may_wait = False
            if item is None:
                batch.is_last = True
            elif isinstance(item, threading.Event):
                batch.waiting.append(item)
            else:
                batch.parts.append(item)
                reads += item.reads
        if reads:
            batch.size += len(reads)
            batch.joined = api.joined([*batch.joined, *reads])

    def write(self, parts: Sequence[AtomicWrite]) -> None:
        """Write parts in one transaction; where a row in it is refused, without that one."""
        write_each(parts, self.write_once, self.refuse)

    def write_once(self, parts: Sequence[AtomicWrite]) -> None:
        """Write parts in one transaction."""
        whole = self.batch.joined if parts is self.batch.parts else None
        reads = whole or api.joined(read for part in parts for read in part.reads)
        notes = [part.note for part in parts if part.note is not None]
        meanwhile = partial(self.gather, self.next)
        write = partial(api.write_joined, self.engine, reads, notes, meanwhile)
        self.counts.update(self.patience.until_done(write))

    def refuse(self, part: AtomicWrite, error: Exception) -> None:
        """Write a refused part object by object, and its note last; tell of one alone."""
        if len(part.reads) > 1:
            for read in part.reads:
                self.write([AtomicWrite([read])])
            self.write([AtomicWrite((), part.note)])
        else:
            self.refused(reason_of(error))
