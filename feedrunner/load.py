"""Messages of a feed -> rows, committed so that a load that is killed goes on from its last state.

Rows may be committed ahead of their state, a state never ahead of its rows. A row that says what is
stored already is not written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from engines import count_anew, count_growing, reading
from engines.transaction import transact, write_first
from feedrunner.load_notes import Load, beside_others, put_state
from feedrunner.messages import Message, Record, State, WholeStream
from feedrunner.writing.batch import Written
from feedrunner.writing.met_rows import MetRows
from feedrunner.writing.row_numbers import Numbers
from feedrunner.writing.waiting_rows import WaitingRows, single_row
from feedrunner.writing.whole_streams import end_streams
from feedrunner.writing.writers import write
from runtime.beside import Beside
from schema.tables import packages as tables
from store.packages.after_load import follow_ci, follow_load, is_stale
from store.packages.name_links import link_names

BATCH = 5000
"""Rows that are committed together, at most."""
BATCH_BYTES = 4 * 2**20
"""Bytes of their lines, at most."""
LONGEST_LIST = 4
"""Batches that wait for the end of a version's list."""
COUNTED = 2000
"""Changed rows after which a server counts its tables; then after ten times as many."""
LISTS = ("dependencies", "provides")
"""Streams whose rows of one version are replaced as a set."""
FILLED = [
    tables.packages, tables.versions, tables.dependencies, tables.provides, tables.urls,
    tables.package_urls, tables.points,
]  # fmt: skip
"""Tables that a load may fill."""

Result = TypeVar("Result")
Transact = Callable[[Engine, Callable[[Connection], Any]], Any]
"""What runs work in a transaction and returns what it returns."""


class Loader:
    """Writes what messages say. One for each load."""

    def __init__(self, engine: Engine, load: Load, transact: Transact = transact) -> None:
        self.engine, self.load, self.transact = engine, load, transact
        self.beside = Beside[Written]()
        """The commit of a batch."""
        self.waiting = WaitingRows()
        self.seen = defaultdict[str, Numbers](Numbers)
        """Numbers of the rows that came, by stream."""
        self.listed = defaultdict[str, Numbers](Numbers)
        """Versions whose lists began in this load, by stream: what follows is added to them."""
        self.met = MetRows()
        """Rows that this load met, so that it need not look for them again."""
        self.whole = set[str]()
        self.counted = COUNTED
        self.lines = self.changed = self.gone = 0

    def read(self, messages: Iterable[WaitingRows | Message]) -> None:
        """Write the rows of messages, each state with those before it. Raises BadLine."""
        try:
            for message in messages:
                if isinstance(message, State):
                    self.lines = message.number
                    self.commit(message)
                elif isinstance(message, WholeStream):
                    self.lines = message.number
                    self.whole.add(message.stream)
                else:
                    self.take(single_row(message) if isinstance(message, Record) else message)
            self.settle()
        except Exception:
            self.settle()  # An error of the lines before comes first.
            raise
        except BaseException:
            self.stop()
            raise

    def take(self, rows: WaitingRows) -> None:
        """Let rows of lines that followed each other wait, and commit whenever enough do.

        Raises BadLine.
        """
        while rows.count:
            first, waiting = rows.first().numbers[0], self.waiting
            if waiting.count >= BATCH or waiting.size >= BATCH_BYTES:
                self.lines = first
                self.commit(None)
            # Where a list goes on that is longer than a batch, nothing is committed yet.
            free = BATCH - self.waiting.count % BATCH
            some = rows.cut(first + free - 1)
            self.lines = some.last().numbers[-1]
            waiting.add(some)

    def commit(self, state: State | None, *, is_last: bool = False) -> None:
        """Commit the rows that wait, and the state with them.

        Before a state or the end, the list of a version that is not complete waits on.
        """
        is_end = is_last or state is not None
        end = self.lines if is_end else end_of_lists(self.waiting)
        if not end and not is_end:
            return
        self.settle()
        rows, tries = self.waiting.cut(end), 0
        if not self.load.number:
            state = None  # nothing goes on from what is tried
        if not rows.count and state is None:
            return

        def work(connection: Connection) -> Written:
            nonlocal tries
            tries += 1
            if tries > 1:  # Another feed writes, too, or these rows were stored without an answer.
                self.met.meet_others()
            written = write(connection, self.load, rows, self.listed, self.met)
            if state is not None:
                values = {"load_id": self.load.number, "state": state.value}
                put_state(connection, self.load.feed, values)
            return written

        self.beside.begin(self.again(lambda: self.begin(work)))

    def again(self, work: Callable[[], Result]) -> Result:
        """Do work, and again where another feed wrote the same rows meanwhile."""
        return beside_others(work) if self.load.number else work()

    def begin(self, work: Callable[[Connection], Written]) -> Callable[[], Written]:
        """Write rows; return what commits them, which goes on while the next lines are read."""
        if self.load.number:
            return write_first(self.engine, work)
        written = self.transact(self.engine, work)  # what is tried has one transaction for all
        return lambda: cast(Written, written)

    def settle(self) -> None:
        """Wait for the commit that goes on, and keep what it wrote. Raises what it raised."""
        written = self.beside.end()
        if written is None:
            return
        self.changed += written.changed
        self.met.keep()
        if self.changed >= self.counted and self.load.number:
            self.counted = 10 * self.changed
            count_growing(self.engine, FILLED)
        for numbers, more in ((self.listed, written.listed), (self.seen, written.seen)):
            for name, came in more.items():
                numbers[name].add(came)

    def stop(self) -> None:
        """Wait for the commit that goes on, whatever becomes of it: the process is to end."""
        with suppress(Exception):
            self.settle()

    def finish(self, *, is_same: bool = False) -> None:
        """Commit what waits, mark what whole streams did not bring, and link names.

        `is_same`: the last load brought all that this one did. Raises HalfStream.
        """
        self.commit(None, is_last=True)
        self.settle()
        self.met = MetRows()  # some 20 MiB, which what follows can use
        if is_same:
            return
        end = partial(end_streams, load=self.load, seen=self.seen, whole=self.whole)
        self.gone += self.again(lambda: self.transact(self.engine, end))
        if self.changed >= COUNTED and self.load.number:
            count_anew(self.engine, FILLED)
        if self.load.number:
            self.again(lambda: link_names(self.engine, self.load.manager, self.transact))

    def follow(self) -> None:
        """Let edges and repositories follow from the rows, unless nothing changed."""
        if self.load.manager is None or not self.load.number:
            return
        with reading(self.engine).connect() as connection:
            is_old = is_stale(connection, self.load.feed, self.load.number)
        manager = self.load.manager
        if is_old or self.changed + self.gone:
            self.again(lambda: follow_load(self.engine, manager, self.transact))
        self.again(lambda: follow_ci(self.engine, manager, self.transact))


def end_of_lists(waiting: WaitingRows) -> int:
    """Return up to which line to write so that the last version's list is not cut; 0 for nothing.

    A list that is longer than some batches is cut, and its rows are written again.
    """
    last, first = waiting.last(), waiting.first()
    if last.stream not in LISTS or waiting.count >= LONGEST_LIST * BATCH:
        return last.numbers[-1]
    packages, versions = last.columns["package"], last.columns["version"]
    package, version, at = packages[-1], versions[-1], len(packages)
    if first is last and (packages[0], versions[0]) == (package, version):
        return 0
    while at and packages[at - 1] == package and versions[at - 1] == version:
        at -= 1
    own = last.numbers[at - 1] if at else 0
    others = (rows.numbers[-1] for rows in waiting.by_shape.values() if rows is not last)
    return max([own, *others])
