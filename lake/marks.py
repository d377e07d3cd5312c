"""What a sync has to copy, and the notes in the store of how far it came.

The order, which a kill may break off anywhere: the store learns that a sync is under way, its rows
are read at one moment, the lake commits them with the sync's name, the store learns that it did
and forgets exactly the marks that were read. A lake whose last sync is none of the two that the
store knows (the store was restored from a backup, or the lake was) is compared as a whole.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, exists, select, update

from engines.chunks import by_scope
from rows.words import RunKey
from schema.tables.lake_notes import lakerepos, lakeruns, lakes
from schema.tables.rollups import dirtyruns
from store.write import lake_marks
from store.write.upsert import put_rows


class RunMark(NamedTuple):
    """A run to be copied: of `dirtyruns`, or of `lakeruns` where its roll-ups are made already."""

    provider: str
    rungitid: int
    mark: int
    is_dirty: bool


class Marks(NamedTuple):
    """What is to be copied: runs, and repositories with the marks they were read with."""

    runs: Sequence[RunMark]
    repositories: dict[int, int]

    @property
    def keys(self) -> list[RunKey]:
        """The runs, each once."""
        return sorted({(run.provider, run.rungitid) for run in self.runs})

    def union(self, later: "Marks") -> "Marks":
        """Return these marks and later ones."""
        return Marks([*self.runs, *later.runs], self.repositories | later.repositories)


def utc() -> datetime:
    """Return the time in UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def begin(connection: Connection, lakeid: str, sync: str, last: str | None) -> bool:
    """Note that a sync begins; tell whether the marks say all that changed since the `last`."""
    row = connection.execute(select(lakes).where(lakes.c.lakeid == lakeid)).first()
    if row is None:
        connection.execute(delete(lakes))  # another lake's marks are not ours
        values = {"lakeid": lakeid, "pending": sync, "synctime": utc()}
        connection.execute(lakes.insert().values(**values))
        return False
    is_known = last is not None and last in (row.sync, row.pending)
    # What the lake has is what is known, whichever of the two it was.
    values = {"sync": last if is_known else None, "pending": sync, "synctime": utc()}
    connection.execute(update(lakes).where(lakes.c.lakeid == lakeid).values(**values))
    return is_known


def read(connection: Connection, limit: int) -> Marks:
    """Return the marks that stand at the moment of this transaction, of so many runs at most."""
    d, c = dirtyruns.c, lakeruns.c
    same = and_(c.provider == d.provider, c.rungitid == d.rungitid)
    has_it = exists().where(same, c.mark == d.mark, c.copied)
    dirty = select(d.provider, d.rungitid, d.mark).where(~has_it).order_by(d.Id).limit(limit)
    due = select(c.provider, c.rungitid, c.mark).where(~c.copied).order_by(c.Id).limit(limit)
    runs = [RunMark(*row, True) for row in connection.execute(dirty)]
    runs += [RunMark(*row, False) for row in connection.execute(due)]
    query = select(lakerepos.c.repository, lakerepos.c.mark)
    repositories = {row.repository: row.mark for row in connection.execute(query)}
    return Marks(runs, repositories)


def end(connection: Connection, lakeid: str, sync: str, marks: Marks) -> None:
    """Note that the lake has what these marks say, and the sync with it."""
    values = {"sync": sync, "pending": None, "synctime": utc()}
    connection.execute(update(lakes).where(lakes.c.lakeid == lakeid).values(**values))
    lake_marks.drop(
        connection,
        [
            {"provider": run.provider, "rungitid": run.rungitid, "mark": run.mark, "copied": False}
            for run in marks.runs
            if not run.is_dirty
        ],
    )
    put_rows(connection, lakeruns, [
        {"provider": run.provider, "rungitid": run.rungitid, "mark": run.mark, "copied": True}
        for run in still_dirty(connection, [run for run in marks.runs if run.is_dirty])
    ])  # fmt: skip
    seen = [{"of": number, "seen": mark} for number, mark in sorted(marks.repositories.items())]
    if seen:
        mine = (lakerepos.c.repository == bindparam("of"), lakerepos.c.mark == bindparam("seen"))
        connection.execute(delete(lakerepos).where(*mine), seen)


def still_dirty(connection: Connection, runs: Sequence[RunMark]) -> list[RunMark]:
    """Return the marks that `dirtyruns` still has: others' were handed over meanwhile."""
    d = dirtyruns.c
    stored: set[tuple[str, int, int]] = set()
    for provider, gitids in by_scope((run.provider, run.rungitid) for run in runs):
        query = select(d.provider, d.rungitid, d.mark)
        # Locked, so that no change is handed over between this and the note that we write of it.
        query = query.where(d.provider == provider, d.rungitid.in_(gitids)).with_for_update()
        stored.update(tuple(row) for row in connection.execute(query))
    return sorted(run for run in runs if run[:3] in stored)
