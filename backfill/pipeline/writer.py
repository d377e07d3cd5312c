"""One thread that writes: what was fetched is stored in batches while more is fetched."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
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
BATCH_PARTS = 64
"""Parts that are not committed yet, those being written included; then fetching waits. A kill
makes the next command ask for so many again."""


class AtomicWrite(NamedTuple):
    """What is written together or not at all: rows, and the note that they are stored."""

    reads: Sequence[Read]
    note: Note | None = None


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
        self.parts: SimpleQueue[AtomicWrite | threading.Event | None] = SimpleQueue()
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
            batch = [self.parts.get()]
            while (
                sum(len(item.reads) for item in batch if isinstance(item, AtomicWrite)) < BATCH_ROWS
            ):
                try:
                    batch.append(self.parts.get_nowait())
                except Empty:
                    break
            more = None not in batch
            parts = [item for item in batch if isinstance(item, AtomicWrite)]
            try:
                if parts and self.error is None:
                    self.write(parts)
            except BaseException as error:  # noqa: BLE001 - raised again by `check`, in its thread
                self.error = error
            if parts:
                self.room.release(len(parts))
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()

    def write(self, parts: Sequence[AtomicWrite]) -> None:
        """Write parts in one transaction; where a row in it is refused, without that one."""
        write_each(parts, self.write_once, self.refuse)

    def write_once(self, parts: Sequence[AtomicWrite]) -> None:
        """Write parts in one transaction."""
        reads = [read for part in parts for read in part.reads]
        notes = [part.note for part in parts if part.note is not None]
        self.counts.update(self.patience.until_done(lambda: api.write(self.engine, reads, notes)))

    def refuse(self, part: AtomicWrite, error: Exception) -> None:
        """Write a refused part object by object, and its note last; tell of one alone."""
        if len(part.reads) > 1:
            for read in part.reads:
                self.write([AtomicWrite([read])])
            self.write([AtomicWrite((), part.note)])
        else:
            self.refused(reason_of(error))
