"""Messages of a feed -> rows, committed so that a load that is killed goes on from its last state.

Rows may be committed ahead of their state, a state never ahead of its rows. A row that says what is
stored already is not written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from engines import reading
from engines.transaction import transact
from feedrunner.messages import Allowed, Message, Record, State, WholeStream
from feedrunner.unchanged import Brought, read_brought
from feedrunner.writing.batch import Written
from feedrunner.writing.known_rows import manager_id
from feedrunner.writing.met_rows import MetRows
from feedrunner.writing.row_numbers import Numbers
from feedrunner.writing.whole_streams import end_streams
from feedrunner.writing.writers import write
from schema.tables import packages as tables
from store.feeds.past_loads import KILLED, RUNNING
from store.packages.after_load import follow_ci, follow_load, is_stale
from store.packages.name_links import link_names
from store.write.upsert import put_rows

BATCH = 5000
"""Rows that are committed together, at most."""
BATCH_BYTES = 4 * 2**20
"""Bytes of their lines, at most."""
LONGEST_LIST = 4
"""Batches that wait for the end of a version's list."""
SIZE = attrgetter("size")
LISTS = ("dependencies", "provides")
"""Streams whose rows of one version are replaced as a set."""

Transact = Callable[[Engine, Callable[[Connection], Any]], Any]
"""What runs work in a transaction and returns what it returns."""


class Load(NamedTuple):
    """A load that runs: its number, its feed, and the registry that its rows are of."""

    number: int
    feed: str
    manager: str | None
    now: datetime


class Loader:
    """Writes what messages say. One for each load."""

    def __init__(self, engine: Engine, load: Load, transact: Transact = transact) -> None:
        self.engine, self.load, self.transact = engine, load, transact
        self.buffer = list[Record]()
        self.size = 0
        self.seen = defaultdict[str, Numbers](Numbers)
        """Numbers of the rows that came, by stream."""
        self.listed = defaultdict[str, Numbers](Numbers)
        """Versions whose lists began in this load, by stream: what follows is added to them."""
        self.met = MetRows()
        """Rows that this load met, so that it need not look for them again."""
        self.whole = set[str]()
        self.lines = self.changed = self.gone = 0

    def read(self, messages: Iterable[Sequence[Record] | Message]) -> None:
        """Write the rows of messages, each state with those before it. Raises BadLine."""
        for message in messages:
            if isinstance(message, State):
                self.lines = message.number
                self.commit(message)
            elif isinstance(message, WholeStream):
                self.lines = message.number
                self.whole.add(message.stream)
            else:
                self.take([message] if isinstance(message, Record) else message)

    def take(self, records: Sequence[Record]) -> None:
        """Let records wait, and commit whenever enough do. Raises BadLine."""
        while records:
            if len(self.buffer) >= BATCH or self.size >= BATCH_BYTES:
                self.lines = records[0].number
                self.commit(None)
            free = max(BATCH - len(self.buffer), 1)
            some, records = records[:free], records[free:]
            self.buffer.extend(some)
            self.size += sum(map(SIZE, some))
            self.lines = some[-1].number

    def commit(self, state: State | None, *, is_last: bool = False) -> None:
        """Commit the rows that wait, and the state with them.

        Before a state or the end, the list of a version that is not complete waits on.
        """
        end = len(self.buffer) if is_last or state is not None else end_of_lists(self.buffer)
        if not end and state is None and not is_last:
            return
        rows, self.buffer = self.buffer[:end], self.buffer[end:]
        self.size = sum(row.size for row in self.buffer)

        def work(connection: Connection) -> Written:
            written = write(connection, self.load, rows, self.listed, self.met)
            if state is not None:
                values = {"load_id": self.load.number, "state": state.value}
                put_state(connection, self.load.feed, values)
            return written

        written = self.transact(self.engine, work)
        self.changed += written.changed
        self.met.keep()
        for numbers, more in ((self.listed, written.listed), (self.seen, written.seen)):
            for name, came in more.items():
                numbers[name].add(came)

    def finish(self, *, is_same: bool = False) -> None:
        """Commit what waits, mark what whole streams did not bring, and link names.

        `is_same`: the last load brought all that this one did. Raises HalfStream.
        """
        self.commit(None, is_last=True)
        if is_same:
            return
        end = partial(end_streams, load=self.load, seen=self.seen, whole=self.whole)
        self.gone += self.transact(self.engine, end)
        link_names(self.engine, self.load.manager, self.transact)

    def follow(self) -> None:
        """Let edges and repositories follow from the rows, unless nothing changed."""
        if self.load.manager is None or not self.load.number:
            return
        with reading(self.engine).connect() as connection:
            is_old = is_stale(connection, self.load.feed, self.load.number)
        if is_old or self.changed + self.gone:
            follow_load(self.engine, self.load.manager, self.transact)
        follow_ci(self.engine, self.load.manager, self.transact)


def end_of_lists(records: Sequence[Record]) -> int:
    """Return how many records to write so that the last version's list is not cut.

    A list that is longer than some batches is cut, and its rows are written again.
    """
    last = list_of(records[-1])
    if last is None or len(records) > LONGEST_LIST * BATCH:
        return len(records)
    if list_of(records[0]) == last:
        return 0
    return next(at for at in range(len(records), 0, -1) if list_of(records[at - 1]) != last)


def list_of(record: Record) -> tuple[str, str, str] | None:
    """Return whose list a record is of, None for a row that stands alone."""
    if record.stream not in LISTS:
        return None
    return record.stream, record.values["package"], record.values["version"]


def begin_load(engine: Engine, feed: str, manager: str | None, now: datetime) -> Load:
    """Note that a load begins; ones of this feed that never ended were killed."""
    table = tables.load_history

    def work(connection: Connection) -> int:
        killed = update(table).where(table.c.feed == feed, table.c.state == RUNNING)
        connection.execute(killed.values(state="failed", endtime=now, error=KILLED))
        connection.execute(
            insert(table),
            [
                {
                    "feed": feed,
                    "starttime": now,
                    "state": RUNNING,
                    "created_at": now,
                    "updated_at": now,
                    "package_manager_id": manager and manager_id(connection, manager, now),
                }
            ],
        )
        query = select(func.max(table.c.Id)).where(table.c.feed == feed)
        return int(connection.scalar(query) or 0)

    return Load(transact(engine, work), feed, manager, now)


def end_load(
    engine: Engine, load: Load, values: dict[str, Any], brought: Brought | None = None
) -> None:
    """Note how a load ended, and what it brought where that was new and whole."""
    table = tables.load_history
    ended = update(table).where(table.c.Id == load.number)

    def work(connection: Connection) -> None:
        connection.execute(ended.values(values))
        if brought is None:
            return
        put_state(connection, load.feed, {"load_id": load.number, "brought": brought.text()})

    transact(engine, work)


def note_next(engine: Engine, feed: str, values: dict[str, Any]) -> None:
    """Note when a feed is due next, and by which settings its program was not set up."""
    transact(engine, lambda connection: put_state(connection, feed, values))


def put_state(connection: Connection, feed: str, values: dict[str, Any]) -> None:
    """Write what is noted of a feed; what is not given stays."""
    row = {"feed": feed, **values}
    row.setdefault("state", last_state(connection, feed))
    put_rows(connection, tables.feedstates, [row])


def last_brought(connection: Connection, load: Load, allowed: Allowed) -> Brought | None:
    """Return what the last whole load brought, None where rows of it were written since."""
    table, states = tables.load_history, tables.feedstates
    text = connection.scalar(select(states.c.brought).where(states.c.feed == load.feed))
    last = read_brought(text, allowed)
    if last is None:
        return None
    manager = select(table.c.package_manager_id).where(table.c.Id == last.load).scalar_subquery()
    wrote = select(table.c.Id).where(
        table.c.Id > last.load,
        or_(table.c.feed == load.feed, table.c.package_manager_id == manager),
        or_(table.c.changed.is_(None), table.c.changed > 0, table.c.gone > 0),
    )
    if load.number:
        wrote = wrote.where(table.c.Id != load.number)
    return last if connection.scalar(wrote.limit(1)) is None else None


def last_state(connection: Connection, feed: str) -> str:
    """Return the state of a feed as JSON, an empty object at first."""
    table = tables.feedstates
    return connection.scalar(select(table.c.state).where(table.c.feed == feed)) or "{}"
