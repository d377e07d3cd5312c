"""Messages of a feed -> rows, committed so that a load that is killed goes on from its last state.

Rows may be committed ahead of their state, a state never ahead of its rows. A row that says what is
stored already is not written.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, bindparam, func, insert, select, update

from engines.chunks import chunks
from engines.transaction import transact
from feedrunner.batch import Written
from feedrunner.known_rows import manager_id
from feedrunner.messages import Message, Record, State, WholeStream
from feedrunner.writers import write
from schema.tables import packages as tables
from store.write.upsert import put_rows

BATCH = 5000
"""Rows that are committed together, at most."""
GONE = {"packages": tables.packages, "versions": tables.versions}
"""Streams whose rows are marked when their source has them no more."""


class HalfStream(Exception):
    """Fewer than half of the rows came that came last time: nothing is marked as gone."""


Transact = Callable[[Engine, Callable[[Connection], Any]], Any]
"""What runs work in a transaction and returns what it returns."""


class Load(NamedTuple):
    """A load that runs: its number, its feed, and the registry that its rows are of."""

    number: int
    feed: str
    manager: str | None
    now: datetime


class Outcome(NamedTuple):
    """What a load did."""

    lines: int
    changed: int
    gone: int


class Loader:
    """Writes what messages say. One for each load."""

    def __init__(self, engine: Engine, load: Load, transact: Transact = transact) -> None:
        self.engine, self.load, self.transact = engine, load, transact
        self.buffer = list[Record]()
        self.seen = {name: array("q") for name in GONE}
        self.listed = set[int]()
        """Versions whose lists of what they need began in this load: the rest is added to them."""
        self.whole = list[WholeStream]()
        self.lines = self.changed = self.gone = 0

    def read(self, messages: Iterable[Message]) -> None:
        """Write the rows of messages, each state with those before it. Raises BadLine."""
        for message in messages:
            self.lines = message.number
            if isinstance(message, Record):
                if len(self.buffer) >= BATCH:
                    self.commit(None)
                self.buffer.append(message)
            elif isinstance(message, State):
                self.commit(message)
            else:
                self.whole.append(message)

    def commit(self, state: State | None) -> None:
        """Commit the rows that wait, and the state with them."""
        rows, self.buffer = self.buffer, []

        def work(connection: Connection) -> Written:
            written = write(connection, self.load, rows, self.listed)
            if state is not None:
                row = {"feed": self.load.feed, "state": state.value, "load_id": self.load.number}
                put_rows(connection, tables.feedstates, [row])
            return written

        written = self.transact(self.engine, work)
        self.changed += written.changed
        self.listed |= written.listed
        for name, numbers in written.seen.items():
            self.seen[name].extend(numbers)

    def finish(self) -> None:
        """Commit what waits, and mark what whole streams did not bring. Raises HalfStream."""
        self.commit(None)
        for name in sorted({message.stream for message in self.whole} & GONE.keys()):
            self.mark_gone(name)

    def mark_gone(self, name: str) -> None:
        """Mark the rows of a stream that this load did not bring."""
        seen = {*self.seen[name]}

        def work(connection: Connection) -> int:
            there = list_there(connection, GONE[name], self.load.manager or "")
            missing = [number for number in there if number not in seen]
            if 2 * len(seen) < len(there):
                raise HalfStream(
                    f"only {len(seen):,} of {len(there):,} {name} came; nothing was marked gone"
                )
            table = GONE[name]
            for part in chunks(missing):
                marked = update(table).where(table.c.Id.in_(part))
                connection.execute(marked.values(gonetime=self.load.now, load_id=self.load.number))
            return len(missing)

        self.gone += self.transact(self.engine, work)


def list_there(connection: Connection, table: Table, manager: str) -> list[int]:
    """Return the numbers of a registry's rows that are not gone."""
    packages, query = tables.packages, select(table.c.Id).where(table.c.gonetime.is_(None))
    if table is not packages:
        query = query.join(packages, packages.c.Id == table.c.package_id)
    return [*connection.scalars(query.where(packages.c.manager == manager))]


def begin_load(engine: Engine, feed: str, manager: str | None, now: datetime) -> Load:
    """Note that a load begins; ones of this feed that never ended were killed."""
    table = tables.load_history

    def work(connection: Connection) -> int:
        killed = update(table).where(table.c.feed == feed, table.c.state == "running")
        connection.execute(killed.values(state="failed", endtime=now, error="was killed"))
        connection.execute(
            insert(table),
            [
                {
                    "feed": feed,
                    "starttime": now,
                    "state": "running",
                    "created_at": now,
                    "updated_at": now,
                    "package_manager_id": manager and manager_id(connection, manager, now),
                }
            ],
        )
        query = select(func.max(table.c.Id)).where(table.c.feed == feed)
        return int(connection.scalar(query) or 0)

    return Load(transact(engine, work), feed, manager, now)


def end_load(engine: Engine, load: Load, values: dict[str, Any]) -> None:
    """Note how a load ended."""
    table = tables.load_history
    ended = update(table).where(table.c.Id == load.number)
    transact(engine, lambda connection: connection.execute(ended.values(values)))


def last_state(connection: Connection, feed: str) -> str:
    """Return the state of a feed as JSON, an empty object at first."""
    table = tables.feedstates
    return connection.scalar(select(table.c.state).where(table.c.feed == feed)) or "{}"


def link_names(loader: Loader) -> None:
    """Let what is needed by a name lead to the package of this name in the same registry."""
    load = loader.load
    needed, packages = tables.dependencies, tables.packages
    owner = (
        select(needed.c.Id, packages.c.Id)
        .join(tables.versions, tables.versions.c.Id == needed.c.version_id)
        .join(
            owners := packages.alias("owners"),
            owners.c.Id == tables.versions.c.package_id,
        )
        .join(
            packages,
            (packages.c.name == needed.c.name)
            & (packages.c.package_manager_id == owners.c.package_manager_id),
        )
        .where(owners.c.manager == load.manager, needed.c.dependency_id.is_(None))
    )

    def work(connection: Connection) -> None:
        pairs: Sequence[Any] = connection.execute(owner).all()
        setting = update(needed).where(needed.c.Id == bindparam("row"))
        if pairs:
            connection.execute(
                setting.values(dependency_id=bindparam("needed")),
                [{"row": row, "needed": number} for row, number in pairs],
            )

    loader.transact(loader.engine, work)
