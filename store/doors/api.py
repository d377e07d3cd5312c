"""Write what was read from an API: only what changes, and what is noted of it, at once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from engines import kind_of
from engines.faults import is_data
from rows import Mapped, Row
from rows.version import STUB
from schema.tables.ci import keys, metadata, repos
from store import apply
from store.doors.outcomes import (
    NEW,
    UNCHANGED,
    NamedRows,
    name_rows,
    outcome_of,
    outcomes_of,
    parents_touched,
)
from store.state import backfill_progress
from store.state.backfill_progress import Note
from store.write import repositories
from store.write.first_reads import EMPTY, FirstReads
from store.write.merge_rules import adds_nothing
from store.write.repositories import Tables
from store.write.stored_rows import Key, Values, by_key
from store.write.version_cache import VersionCache

Counts = Counter[tuple[str, str]]
"""How many rows of a table had an outcome."""


class Read(NamedTuple):
    """One object of the API as rows, and the tables whose rows it is counted in."""

    mapped: Mapped
    counted: frozenset[str] = frozenset()


def write(engine: Engine, batch: Sequence[Read], notes: Sequence[Note] = ()) -> Counts:
    """Write what the batch changes, and the notes, in one transaction; count rows by outcome.

    Raises Unmappable for a text that no column holds, SQLAlchemyError when the database fails.
    """
    return write_joined(engine, joined(batch), notes)


def write_joined(
    engine: Engine,
    batch: Sequence[Read],
    notes: Sequence[Note],
    meanwhile: Callable[[], None] | None = None,
) -> Counts:
    """Write a batch that `joined` gave, likewise; do something while a server works on its rows."""

    def work(
        first: FirstReads, connection: Connection, cache: VersionCache
    ) -> tuple[Tables, Counts]:
        changing, counts = sift(connection, batch, cache)
        written = (
            apply.apply(connection, changing, cache, told=False, first=first) if changing else {}
        )
        if meanwhile is not None and not kind_of(connection).is_file:
            kind_of(connection).push(connection)
            meanwhile()
        for note in backfill_progress.joined(notes):
            note(connection)
        return written, counts

    try:
        return apply.write(engine, partial(work, FirstReads(hopes=True)))
    except SQLAlchemyError as error:
        if not is_data(error):
            raise
    # A row is at fault, or another writer was quicker with one that was not there.
    return apply.write(engine, partial(work, EMPTY))


def joined(batch: Iterable[Read]) -> list[Read]:
    """Return the batch with one object in place of those that say the same of their repository.

    A stub that repeats is left out: each job of a run brings the same ones of it.
    """
    alike: dict[Key, tuple[Read, list[Row], set[Key]]] = {}
    before, latest = None, dict[str, Values]()
    rows, seen = list[Row](), set[Key]()
    for read in batch:
        mapped = read.mapped
        told = mapped.provider, read.counted, mapped.repository.values
        if told != before:
            before, latest = told, {}
            _, rows, seen = alike.setdefault((*told[:2], *told[2].items()), (read, [], set()))
        for row in mapped.rows:
            table, values = row
            if values.get("version"):
                rows.append(row)
            elif values != latest.get(table):  # mostly it is that of the job before
                latest[table] = values
                name = (table, *values.items())
                if name not in seen:
                    seen.add(name)
                    rows.append(row)
    return [
        read._replace(mapped=read.mapped._replace(rows=tuple(rows)))
        for read, rows, _ in alike.values()
    ]


def sift(
    connection: Connection, batch: Sequence[Read], cache: VersionCache
) -> tuple[list[Mapped], Counts]:
    """Return the batch without the rows that change nothing, and the rows by outcome."""
    repository_keys = {repositories.key_of(read.mapped) for read in batch}
    stored_repos = by_key(connection, repos, repository_keys)
    named = [name_rows(read.mapped, stored_repos) for read in batch]
    every = [some for tables in named for some in tables]
    outcomes = outcomes_of(connection, every)
    touched = parents_touched(every, outcomes)
    full = full_rows(every)
    of_repos = repository_outcomes(batch, stored_repos, cache)
    counts: Counts = Counter()
    counted: dict[str, set[Key]] = defaultdict(set)
    changing = []
    for read, tables in zip(batch, named, strict=True):
        written = list[Row]()
        for some in tables:
            known = outcomes.get(some.table, {})
            if some.table in read.counted:
                keys = set(some.keys) - counted[some.table]
                counted[some.table] |= keys
                outcomes_here = Counter(known[key] for key in keys if key in known)
                outcomes_here[NEW] += len(keys) - outcomes_here.total()
                counts.update({(some.table, one): count for one, count in outcomes_here.items()})
            written += rows_written(some, known, touched[some.table], full.get(some.table, {}))
        outcome = of_repos[repositories.key_of(read.mapped)]
        if "repos" in read.counted:
            counts["repos", outcome] += 1
        if written or outcome != UNCHANGED:
            changing.append(read.mapped._replace(rows=tuple(written)))
    return changing, counts


def full_rows(named: Iterable[NamedRows]) -> dict[str, dict[Key, Values]]:
    """Return the rows with a version, by table and key, of tables of which there are stubs, too."""
    with_stubs = {
        some.table for some in named for row in some.rows if row.values.get("version") == STUB
    }
    full: dict[str, dict[Key, Values]] = defaultdict(dict)
    for some in named:
        if some.table in with_stubs:
            its = full[some.table]
            its |= {
                key: row.values
                for row, key in zip(some.rows, some.keys, strict=True)
                if row.values.get("version")
            }
    return full


def rows_written(
    some: NamedRows, known: Mapping[Key, str], touched: set[Key], full: Mapping[Key, Values]
) -> Iterable[Row]:
    """Return what is written of an object's rows of a table."""
    if not known and not full:
        return some.rows
    written = []
    for row, key in zip(some.rows, some.keys, strict=True):
        outcome = known.get(key, NEW)
        if outcome == UNCHANGED and key in touched:
            written.append(lock_of(row))
        elif outcome != UNCHANGED and not is_covered(row.values, full.get(key)):
            written.append(row)
    return written


def lock_of(row: Row) -> Row:
    """Return what locks a row that says nothing new: its key, as a stub."""
    key = {name: row.values[name] for name in keys(metadata.tables[row.table]) if name != "repoid"}
    return Row(row.table, {**key, "version": STUB})


def is_covered(stub: Values, full: Values | None) -> bool:
    """Tell whether a row is the stub of one that brings all it says: a run, with its jobs."""
    return full is not None and stub.get("version") == STUB and adds_nothing(stub, full)


def repository_outcomes(
    batch: Sequence[Read], stored_repos: Mapping[Key, Values], cache: VersionCache
) -> dict[Key, str]:
    """Return what becomes of each repository's row; one that stays needs no upsert."""
    records: dict[Key, dict[bytes, Values]] = defaultdict(dict)
    for read in batch:
        values: Values = read.mapped.repository.values
        records[repositories.key_of(read.mapped)][values["version"]] = values
    outcomes = {}
    for key, by_version in records.items():
        stored = stored_repos.get(key)
        outcomes[key] = outcome_of("repos", stored, by_version.values())
        if stored is not None and outcomes[key] == UNCHANGED and stored["version"] != STUB:
            cache.remember("repos", [stored])
    return outcomes
