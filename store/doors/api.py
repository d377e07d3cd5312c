"""Write what was read from an API: only what changes, and what is noted of it, at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from rows import Mapped, Row
from rows.version import STUB
from schema.tables.ci import keys, metadata, repos
from store import apply
from store.state import backfill_progress
from store.state.backfill_progress import Note
from store.write import repositories
from store.write.merge_rules import check_parents, is_newer, merged
from store.write.repositories import StoredRepository, Tables
from store.write.stored_rows import Key, Values, by_key, key_of
from store.write.version_cache import VersionCache

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
LARGE = ("steps",)
"""Columns that are not compared: they are state, so their version speaks for them."""

Counts = Counter[tuple[str, str]]
"""How many rows of a table had an outcome."""
RowName = tuple[str, Key]
"""A row's table and key."""
Outcomes = dict[RowName, str]


class Read(NamedTuple):
    """One object of the API as rows, and the tables whose rows it is counted in."""

    mapped: Mapped
    counted: frozenset[str] = frozenset()


class NamedRow(NamedTuple):
    """A row of a batch as it would be written; None where its repository is not stored yet."""

    row: Row
    values: Values | None
    name: RowName


def write(engine: Engine, batch: Sequence[Read], notes: Sequence[Note] = ()) -> Counts:
    """Write what the batch changes, and the notes, in one transaction; count rows by outcome.

    Raises Unmappable for a text that no column holds, SQLAlchemyError when the database fails.
    """
    batch = joined(batch)

    def work(connection: Connection, cache: VersionCache) -> tuple[Tables, Counts]:
        changing, counts = sift(connection, batch, cache)
        written = apply.apply(connection, changing, cache, told=False) if changing else {}
        for note in backfill_progress.joined(notes):
            note(connection)
        return written, counts

    return apply.write(engine, work)


def joined(batch: Iterable[Read]) -> list[Read]:
    """Return the batch with one object in place of those that say the same of their repository.

    A stub that repeats is left out: each job of a run brings the same ones of it.
    """
    alike: dict[Key, tuple[Read, dict[Key, Row]]] = {}
    for read in batch:
        mapped = read.mapped
        told = (mapped.provider, read.counted, *mapped.repository.values.items())
        rows = alike.setdefault(told, (read, {}))[1]
        for row in mapped.rows:
            own = (len(rows),) if row.values.get("version") else row.values.items()
            rows.setdefault((row.table, *own), row)
    return [
        read._replace(mapped=read.mapped._replace(rows=tuple(rows.values())))
        for read, rows in alike.values()
    ]


def sift(
    connection: Connection, batch: Sequence[Read], cache: VersionCache
) -> tuple[list[Mapped], Counts]:
    """Return the batch without the rows that change nothing, and the rows by outcome."""
    repository_keys = {repositories.key_of(read.mapped) for read in batch}
    stored_repos = by_key(connection, repos, repository_keys)
    named = [name_rows(read.mapped, stored_repos) for read in batch]
    every = [row for rows in named for row in rows]
    outcomes = outcomes_of(connection, every)
    touched = parents_touched(every, outcomes)
    full = {row.name: row.values for row in every if row.values and row.values.get("version")}
    of_repos = repository_outcomes(batch, stored_repos, cache)
    counts: Counts = Counter()
    counted: set[RowName] = set()
    changing = []
    for read, rows in zip(batch, named, strict=True):
        written = []
        for row in rows:
            outcome = outcomes.get(row.name, NEW)
            if row.row.table in read.counted and row.name not in counted:
                counted.add(row.name)
                counts[row.row.table, outcome] += 1
            if outcome == UNCHANGED and row.name in touched:
                written.append(lock_of(row.row))
            elif outcome != UNCHANGED and not is_covered(row.values, full.get(row.name)):
                written.append(row.row)
        outcome = of_repos[repositories.key_of(read.mapped)]
        if "repos" in read.counted:
            counts["repos", outcome] += 1
        if written or outcome != UNCHANGED:
            changing.append(read.mapped._replace(rows=tuple(written)))
    return changing, counts


def name_rows(mapped: Mapped, stored_repos: Mapping[Key, Values]) -> list[NamedRow]:
    """Return the rows of an object as they would be written, each with what names it.

    While its repository has no number, a row is named by all that it says.
    """
    repo = stored_repos.get(repositories.key_of(mapped))
    if repo is None:
        return [NamedRow(row, None, (row.table, tuple(row.values.items()))) for row in mapped.rows]
    told: Values = mapped.repository.values
    newest = told if told["version"] > repo["version"] else repo
    repository = StoredRepository(repo["Id"], newest["name"], newest["url"])
    rows = []
    for row in mapped.rows:
        values = repositories.values_in(repository, row, told)
        rows.append(NamedRow(row, values, (row.table, key_of(metadata.tables[row.table], values))))
    return rows


def outcomes_of(connection: Connection, rows: Iterable[NamedRow]) -> Outcomes:
    """Return what becomes of each row that could be stored already."""
    by_table: dict[str, dict[Key, list[Values]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.values is not None:
            records = by_table[row.row.table][row.name[1]]
            if row.values not in records[-1:]:  # each job of a run brings the same stub of it
                records.append(row.values)
    outcomes = {}
    for name, by_name in by_table.items():
        stored = by_key(connection, metadata.tables[name], by_name, without=LARGE)
        for key, records in by_name.items():
            outcomes[name, key] = outcome_of(name, stored.get(key), records)
    return outcomes


def outcome_of(table: str, stored: Values | None, records: Iterable[Values]) -> str:
    """Return what records make of a stored row."""
    if stored is None:
        return NEW
    after = stored
    for values in records:
        if is_newer(after, values):
            check_parents(table, after, values)
            return CHANGED  # its version at least, and that does not go back
        after = merged(table, after, values)
    return UNCHANGED if after == stored else CHANGED


def parents_touched(rows: Iterable[NamedRow], outcomes: Outcomes) -> set[RowName]:
    """Return the rows that are derived from others that change: they are locked, and derived anew.

    A run is derived from its attempts and jobs, a branch from its moves.
    """
    touched = set()
    for row in rows:
        table = row.row.table
        if row.values is not None and table in PARENTS and outcomes[row.name] != UNCHANGED:
            parent, scope, name = PARENTS[table]
            touched.add((parent, (row.values[scope], row.values[name])))
    return touched


PARENTS = {
    "runattempts": ("workflowruns", "provider", "rungitid"),
    "jobs": ("workflowruns", "provider", "rungitid"),
    "branchmoves": ("branches", "repoid", "name"),
}
"""By table: the parent's table, and the columns that hold the parent's key."""


def lock_of(row: Row) -> Row:
    """Return what locks a row that says nothing new: its key, as a stub."""
    key = {name: row.values[name] for name in keys(metadata.tables[row.table]) if name != "repoid"}
    return Row(row.table, {**key, "version": STUB})


def is_covered(stub: Values | None, full: Values | None) -> bool:
    """Tell whether a row is the stub of one that brings all it says: a run, with its jobs."""
    if stub is None or full is None or stub.get("version") != STUB:
        return False
    return all(full.get(name) == value for name, value in stub.items() if name != "version")


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
