"""What a batch of rows would change, found out without writing and without a lock.

The rows it touches are copied into a throw-away SQLite store, written to there by the same
`store.apply`, and compared with what is stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, func, select

from engines import kind_of, reading
from engines.chunks import by_scope
from rows import Mapped, StoredName
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches, commits, jobs, keys, metadata, repos, runattempts
from store import apply, open
from store.doors.refusals import reason_of, write_each
from store.write.repositories import key_of as repository_of
from store.write.stored_rows import Key, Values, by_key, key_of

COMPARED = ("repos", *(name for name in apply.ORDER if name not in ("branchmoves", "tagpushes")))
OURS = frozenset({"Id", "repoid", "version"})
PAGE = 500


class Change(NamedTuple):
    """A column of a row that would change; `is_new` when the row is not stored yet."""

    table: str
    key: Key
    column: str
    old: Any
    new: Any
    is_new: bool


def preview(
    engine: Engine, batches: Iterable[Sequence[Mapped]], refused: list[str]
) -> Iterator[Change]:
    """Yield what writing the batches, one after the other, would change.

    Why a row would be refused is added to `refused`.
    """
    with open.scratch() as scratch:
        with reading(engine).connect() as stored, scratch.begin() as copies:
            copy(copies, repos, (dict(row._mapping) for row in stored.execute(select(repos))))
            keep_numbers(stored, copies)
        for batch in batches:
            with reading(engine).connect() as stored, scratch.begin() as copies:
                copy_touched(stored, copies, batch)
            write_each(batch, partial(write, scratch), lambda _, e: refused.append(reason_of(e)))
        for name in COMPARED:
            yield from compare(engine, scratch, metadata.tables[name])


def write(scratch: Engine, batch: Sequence[Mapped]) -> None:
    """Write a batch to the scratch store."""
    apply.write(
        scratch, lambda connection, cache: (apply.apply(connection, batch, cache, told=True), None)
    )


def keep_numbers(stored: Connection, copies: Connection) -> None:
    """Let no new row have the number of a stored one, which may be copied later."""
    for name in (*COMPARED, "branchmoves"):
        last = stored.scalar(select(func.max(metadata.tables[name].c.Id))) or 0
        kind_of(copies).raise_number(copies, name, last + 1)


def copy(copies: Connection, table: Table, rows: Iterable[Values]) -> None:
    """Copy rows as they are, but those that are there already: they may have changed since."""
    if changed := list(rows):
        copies.execute(table.insert().prefix_with("OR IGNORE"), changed)


def copy_touched(stored: Connection, copies: Connection, batch: Sequence[Mapped]) -> None:
    """Copy the rows that a batch changes, and those its derived columns are made from."""
    wanted: dict[str, set[Key]] = defaultdict(set)
    places = by_key(stored, repos, {repository_of(mapped) for mapped in batch})
    for mapped in batch:
        place = places.get(repository_of(mapped))
        for row in mapped.rows:
            table = metadata.tables[row.table]
            name = row.values.get("workflowname")
            if isinstance(name, StoredName):
                wanted["workflows"].add((mapped.provider, name.workflowgitid))
            if "repoid" not in keys(table):
                wanted[row.table].add(key_of(table, row.values))
            elif place is not None:
                wanted[row.table].add(key_of(table, {**row.values, "repoid": place["Id"]}))
                if row.table == "branches" and row.values.get("headhash"):
                    wanted["commits"].add((place["Id"], row.values["headhash"]))
    for name, table_keys in wanted.items():
        table = metadata.tables[name]
        copy(copies, table, by_key(stored, table, table_keys).values())
    for table in (runattempts, jobs):
        copy_where(stored, copies, table, "rungitid", wanted["workflowruns"])
    copy_where(stored, copies, branchmoves, "name", wanted["branches"])
    copy_where(stored, copies, branches, "headhash", wanted["commits"])
    heads = select(branches.c.repoid, branches.c.headhash).where(branches.c.headhash.is_not(None))
    copied = {(row.repoid, row.headhash) for row in copies.execute(heads)}
    copy(copies, commits, by_key(stored, commits, copied).values())


def copy_where(
    stored: Connection, copies: Connection, table: Table, column: str, wanted: set[Key]
) -> None:
    """Copy the rows whose scope and `column` are wanted."""
    pairs: list[tuple[Any, Any]] = sorted(wanted)
    for scope, part in by_scope(pairs):
        query = select(table).where(table.c[keys(table)[0]] == scope, table.c[column].in_(part))
        copy(copies, table, (dict(row._mapping) for row in stored.execute(query)))


def compare(engine: Engine, scratch: Engine, table: Table) -> Iterator[Change]:
    """Yield where the rows of the scratch store differ from the stored ones."""
    after = 0
    columns = [one.name for one in table.columns if one.name not in OURS]
    while True:
        query = select(table).where(table.c.Id > after).order_by(table.c.Id).limit(PAGE)
        with scratch.connect() as copies:
            written = [dict(row._mapping) for row in copies.execute(query)]
        if not written:
            return
        after = written[-1]["Id"]
        with reading(engine).connect() as stored:
            before = by_key(stored, table, [key_of(table, values) for values in written])
        for values in written:
            key = key_of(table, values)
            old = before.get(key)
            for column in columns:
                was = None if old is None else old[column]
                if was != values[column]:
                    yield Change(table.name, key, column, was, values[column], old is None)
