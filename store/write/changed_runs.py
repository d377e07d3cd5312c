"""Runs that changed since the roll-ups of their days were made.

A writer notes the runs it touched in its own transaction: the note is there if and only if the
change is. Whoever makes roll-ups reads the notes first, then the rows, and acknowledges exactly
the notes it read: a change that is committed meanwhile has raised its mark, or made a new note.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select

from engines import Kind, kind_of
from rows.words import RunKey
from schema.tables.rollups import dirtyruns
from store.write import lake_marks
from store.write.stored_rows import Values
from store.write.upsert import insert_or

FEW_RUNS = 8


class ChangedRun(NamedTuple):
    """A run that changed; `mark` tells this change from every later one."""

    provider: str
    rungitid: int
    mark: int

    @property
    def key(self) -> RunKey:
        """The run."""
        return self.provider, self.rungitid


class PendingRuns(NamedTuple):
    """How many changed runs wait for their roll-ups, and since when the oldest does."""

    runs: int
    since: datetime | None


@lru_cache(maxsize=4)
def statement(kind: Kind) -> Any:
    """Return the upsert of changed runs: a mark that is there is raised."""
    return insert_or(kind, dirtyruns, lambda _: [("mark", dirtyruns.c.mark + literal_column("1"))])


def note_changes(connection: Connection, runs: Iterable[RunKey]) -> None:
    """Note runs in the transaction that changes them, whose rows it has locked."""
    changed = sorted(set(runs))
    if not changed:
        return
    # Never used before, so that a new mark is none that somebody read and acknowledges later.
    first, now = time.time_ns() // 1000, datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {"provider": provider, "rungitid": gitid, "mark": first, "marktime": now}
        for provider, gitid in changed
    ]
    kind = kind_of(connection)
    kind.post(connection, statement(kind), rows)


def noting(
    connection: Connection, runs: Iterable[Values], write: Callable[[], None]
) -> Callable[[], None]:
    """Return what does so, now if it is much: a few runs may be noted while a server works.

    `runs` are their rows; `write` writes something else then.
    """
    changed = {(run["provider"], run["gitid"]) for run in runs}
    if len(changed) > FEW_RUNS:
        note_changes(connection, changed)
        return write

    def note() -> None:
        note_changes(connection, changed)
        write()

    return note


def read_changes(connection: Connection, limit: int) -> list[ChangedRun]:
    """Return changed runs, the oldest first."""
    c = dirtyruns.c
    query = select(c.provider, c.rungitid, c.mark).order_by(c.Id).limit(limit)
    return [ChangedRun(*row) for row in connection.execute(query)]


def acknowledge(connection: Connection, changes: Sequence[ChangedRun]) -> None:
    """Delete the notes of changes that were not followed by others since they were read."""
    if not changes:
        return
    lake_marks.hand_over(connection, changes)
    c = dirtyruns.c
    query = delete(dirtyruns).where(
        c.provider == bindparam("of"), c.rungitid == bindparam("run"), c.mark == bindparam("seen")
    )
    connection.execute(
        query,
        [{"of": run.provider, "run": run.rungitid, "seen": run.mark} for run in sorted(changes)],
    )


def pending_runs(connection: Connection) -> PendingRuns:
    """Return how many changed runs wait."""
    query = select(func.count(), func.min(dirtyruns.c.marktime))
    return PendingRuns(*connection.execute(query).one())
