"""What a sync has to copy, and the notes in the store of how far it came.

The order, which a kill may break off anywhere: the store learns that a sync is under way, its rows
are read at one moment, the lake commits them with the sync's name, the store learns that it did
and forgets exactly the marks that were read. A lake whose last sync is none of the two that the
store knows (the store was restored from a backup, or the lake was) is compared as a whole.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Select, Table, and_, bindparam, delete, exists, select, update

from engines.chunks import by_scope, chunks
from lake.copying.store_rows import select_rows
from lake.lake_tables import OF_KEYS, OF_RUNS
from rows.words import RunKey
from schema.tables.lake_notes import lakecommits, lakerepos, lakeruns, lakes
from schema.tables.rollups import dirtyruns, rollspans
from store.write import lake_marks
from store.write.upsert import put_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class RunMark(NamedTuple):
    """A run to be copied: of `dirtyruns`, or of `lakeruns` where its roll-ups are made already."""

    provider: str
    rungitid: int
    mark: int
    is_dirty: bool


Spans = frozenset[tuple[int, str, datetime, int]]
"""Of `rollspans`: Id, kind, begintime, revision."""


class Marks(NamedTuple):
    """What is to be copied: runs, and what was marked with the marks it was read with."""

    runs: Sequence[RunMark]
    repositories: dict[int, int]
    commits: dict[tuple[int, str], int]
    spans: Spans
    """All that the store has: those that the lake does not have are to be copied."""

    @property
    def keys(self) -> list[RunKey]:
        """The runs, each once."""
        return sorted({(run.provider, run.rungitid) for run in self.runs})

    def union(self, later: "Marks") -> "Marks":
        """Return these marks and later ones."""
        return Marks(
            [*self.runs, *later.runs],
            self.repositories | later.repositories,
            self.commits | later.commits,
            self.spans | later.spans,
        )


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
    k, s = lakecommits.c, rollspans.c
    due_commits = select(k.repoid, k.hash, k.mark).order_by(k.Id).limit(limit)
    commits = {(row.repoid, row.hash): row.mark for row in connection.execute(due_commits)}
    made = connection.execute(select(s.Id, s.kind, s.begintime, s.revision))
    return Marks(runs, repositories, commits, frozenset(tuple(row) for row in made))


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
    of_commits = [
        {"of": repoid, "commit": name, "seen": mark}
        for (repoid, name), mark in sorted(marks.commits.items())
    ]
    if of_commits:
        k = lakecommits.c
        its = (k.repoid == bindparam("of"), k.hash == bindparam("commit"))
        query = delete(lakecommits).where(*its, k.mark == bindparam("seen"))
        connection.execute(query, of_commits)


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


def changed_spans(lake: "DuckDBPyConnection", seen: Marks) -> list[datetime]:
    """Return when the spans begin that were made anew, or are gone, since the last sync."""
    query = 'SELECT "Id", kind, begintime, revision FROM rollspans'
    held = frozenset(lake.execute(query).fetchall())
    return sorted({begin for _, _, begin, _ in held ^ seen.spans})


def keys_of(table: Table, seen: Marks) -> Sequence[tuple[Any, Any]]:
    """Return the marked keys of a table's rows."""
    return seen.keys if table.name in OF_RUNS else sorted(seen.commits)


def scope_of(
    lake: "DuckDBPyConnection", table: Table, seen: Marks, spans: Sequence[datetime]
) -> str | None:
    """Return the condition of the rows `l` that are marked, or None; fills DuckDB's memory."""
    repositories = ", ".join(map(str, seen.repositories)) or "NULL"
    of_repositories = f"l.repoid IN ({repositories})" if "repoid" in table.c else "false"
    if table.name not in OF_KEYS:
        if not spans and not seen.repositories:
            return None
        lake.execute("CREATE OR REPLACE TEMP TABLE spans (begintime TIMESTAMP)")
        lake.execute("INSERT INTO temp.spans SELECT unnest(?::TIMESTAMP[])", [list(spans)])
        return f"(l.begintime IN (SELECT begintime FROM temp.spans) OR {of_repositories})"
    keys = keys_of(table, seen)
    if not keys and not seen.repositories:
        return None
    names = OF_KEYS[table.name]
    types = ("VARCHAR", "BIGINT") if table.name in OF_RUNS else ("BIGINT", "VARCHAR")
    name = f"keys_of_{table.name}"
    parts = ", ".join(f"k{place} {type_}" for place, type_ in enumerate(types))
    lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({parts})")
    if keys:
        lists = ", ".join(f"unnest(?::{type_}[])" for type_ in types)
        values = [list(part) for part in zip(*keys, strict=True)]
        lake.execute(f"INSERT INTO temp.{name} SELECT {lists}", values)
    same = " AND ".join(f'k.k{place} = l."{each}"' for place, each in enumerate(names))
    scope = f"EXISTS (SELECT 1 FROM temp.{name} k WHERE {same})"
    return f"({scope} OR {of_repositories})" if seen.repositories else scope


def queries_of(table: Table, seen: Marks, spans: Sequence[datetime]) -> Iterator[Select[Any]]:
    """Yield the queries of the rows that are marked, each row in one of them alone."""
    repositories = sorted(seen.repositories)
    elsewhere = [
        (table.c.repoid.is_(None) | table.c.repoid.not_in(part))
        for part in chunks(repositories if "repoid" in table.c else [])
    ]
    if table.name in OF_KEYS:
        scope, key = (table.c[name] for name in OF_KEYS[table.name])
        for of, part in by_scope(keys_of(table, seen)):
            yield select_rows(table).where(scope == of, key.in_(part), *elsewhere)
    else:
        for begins in chunks(spans):
            yield select_rows(table).where(table.c.begintime.in_(begins), *elsewhere)
    for part in chunks(repositories if "repoid" in table.c else []):
        yield select_rows(table).where(table.c.repoid.in_(part))
