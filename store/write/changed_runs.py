"""Runs that changed since the roll-ups of their days were made.

A writer marks the runs it touched in its own transaction: the mark is there if and only if the
change is. Whoever makes roll-ups reads the marks first, then the rows, and takes back exactly the
marks it read: a change that is committed meanwhile has raised its mark, or made a new one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select

from engines import Kind, kind_of
from rows.words import RunKey
from schema.tables.rollups import dirtyruns
from store.write.upsert import insert_or


class Mark(NamedTuple):
    """A run that changed; `mark` tells this mark from every later one."""

    provider: str
    rungitid: int
    mark: int

    @property
    def key(self) -> RunKey:
        """The run."""
        return self.provider, self.rungitid


class Pending(NamedTuple):
    """How many runs are marked, and since when the oldest mark waits."""

    runs: int
    since: datetime | None


@lru_cache(maxsize=4)
def statement(kind: Kind) -> Any:
    """Return the upsert of marks: one that is there is raised."""
    return insert_or(kind, dirtyruns, lambda _: [("mark", dirtyruns.c.mark + literal_column("1"))])


def mark(connection: Connection, runs: Iterable[RunKey]) -> None:
    """Mark runs in the transaction that changes them, whose rows it has locked."""
    found = sorted(set(runs))
    if not found:
        return
    # Never used before, so that a new mark is none that somebody read and takes back later.
    first, now = time.time_ns() // 1000, datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {"provider": provider, "rungitid": gitid, "mark": first, "marktime": now}
        for provider, gitid in found
    ]
    kind = kind_of(connection)
    kind.post(connection, statement(kind), rows)


def read(connection: Connection, limit: int) -> list[Mark]:
    """Return marks, the oldest first."""
    one = dirtyruns.c
    query = select(one.provider, one.rungitid, one.mark).order_by(one.Id).limit(limit)
    return [Mark(*row) for row in connection.execute(query)]


def take_back(connection: Connection, marks: Sequence[Mark]) -> None:
    """Delete marks that were not raised since they were read."""
    if not marks:
        return
    one = dirtyruns.c
    query = delete(dirtyruns).where(
        one.provider == bindparam("of"),
        one.rungitid == bindparam("run"),
        one.mark == bindparam("seen"),
    )
    connection.execute(
        query, [{"of": m.provider, "run": m.rungitid, "seen": m.mark} for m in sorted(marks)]
    )


def pending(connection: Connection) -> Pending:
    """Return how much is marked."""
    query = select(func.count(), func.min(dirtyruns.c.marktime))
    return Pending(*connection.execute(query).one())
