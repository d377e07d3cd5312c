"""Write what was read from an API: only what changes, and what is noted of it, at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from engines.transaction import transact
from rows import Mapped, Row
from rows.version import STUB
from schema.tables.ci import keys, metadata, repos
from store import apply
from store.state import backfill_progress
from store.state.backfill_progress import Note as Note
from store.write import repositories as places
from store.write.merge_rules import merged
from store.write.repositories import Place
from store.write.stored_rows import Key, by_key, key_of
from store.write.version_cache import Known

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
LARGE = ("steps",)
"""Columns that are not compared: they are state, so their version speaks for them."""

Values = dict[str, Any]
Counts = Counter[tuple[str, str]]
"""How many rows of a table had an outcome."""
Outcomes = dict[tuple[str, Key], str]


class Read(NamedTuple):
    """One object of the API as rows, and the tables whose rows it is counted in."""

    mapped: Mapped
    counted: frozenset[str] = frozenset()


class Placed(NamedTuple):
    """A row of a batch as it would be written; None where its repository is not stored yet."""

    row: Row
    values: Values | None
    name: tuple[str, Key]


def write(engine: Engine, batch: Sequence[Read], notes: Sequence[Note] = ()) -> Counts:
    """Write what the batch changes, and the notes, in one transaction; count rows by outcome.

    Raises Unmappable for a text that no column holds, DBAPIError when the database fails.
    """
    known = apply.KNOWN.setdefault(engine, Known())
    batch = joined(batch)

    def work(connection: Connection) -> tuple[apply.Tables, Counts]:
        kept, counts = sift(connection, batch, known)
        written = apply.apply(connection, kept, known) if kept else {}
        for note in backfill_progress.joined(notes):
            note(connection)
        return written, counts

    written, counts = transact(engine, work)
    apply.remember(known, written)
    return counts


def joined(batch: Iterable[Read]) -> list[Read]:
    """Return the batch with one object in place of those that say the same of their repository.

    A stub that repeats is left out: each job of a run brings the same ones of it.
    """
    alike: dict[Key, tuple[Read, dict[Key, Row]]] = {}
    for read in batch:
        mapped = read.mapped
        said = (mapped.provider, read.counted, *mapped.repository.values.items())
        rows = alike.setdefault(said, (read, {}))[1]
        for row in mapped.rows:
            own = (len(rows),) if row.values.get("version") else row.values.items()
            rows.setdefault((row.table, *own), row)
    return [
        read._replace(mapped=read.mapped._replace(rows=tuple(rows.values())))
        for read, rows in alike.values()
    ]


def sift(
    connection: Connection, batch: Sequence[Read], known: Known
) -> tuple[list[Mapped], Counts]:
    """Return the batch without the rows that change nothing, and the rows by outcome."""
    stored_repos = by_key(connection, repos, {places.key_of(read.mapped) for read in batch})
    placed = [place_rows(read.mapped, stored_repos) for read in batch]
    every = [one for rows in placed for one in rows]
    outcomes = outcomes_of(connection, every)
    touched = runs_touched(every, outcomes)
    full = {one.name: one.values for one in every if one.values and one.values.get("version")}
    known_repos = repositories(batch, stored_repos, known)
    counted: Counts = Counter()
    told: set[tuple[str, Key]] = set()
    kept = []
    for read, rows in zip(batch, placed, strict=True):
        keep = []
        for one in rows:
            outcome = outcomes.get(one.name, NEW)
            if one.row.table in read.counted and one.name not in told:
                told.add(one.name)
                counted[one.row.table, outcome] += 1
            if outcome == UNCHANGED and one.name in touched:
                keep.append(lock_of(one.row))
            elif outcome != UNCHANGED and not is_covered(one.values, full.get(one.name)):
                keep.append(one.row)
        outcome = known_repos[places.key_of(read.mapped)]
        if "repos" in read.counted:
            counted["repos", outcome] += 1
        if keep or outcome != UNCHANGED:
            kept.append(read.mapped._replace(rows=tuple(keep)))
    return kept, counted


def place_rows(mapped: Mapped, stored_repos: dict[Key, Values]) -> list[Placed]:
    """Return the rows of an object as they would be written, each with what names it.

    While its repository has no number, a row is named by all that it says.
    """
    repo = stored_repos.get(places.key_of(mapped))
    if repo is None:
        return [Placed(row, None, (row.table, tuple(row.values.items()))) for row in mapped.rows]
    told: Values = mapped.repository.values
    newest = told if told["version"] > repo["version"] else repo
    place = Place(repo["Id"], newest["name"], newest["url"])
    rows = []
    for row in mapped.rows:
        values = places.placed(row, told, place)
        name = (row.table, key_of(metadata.tables[row.table], values))
        rows.append(Placed(row, values, name))
    return rows


def outcomes_of(connection: Connection, rows: Iterable[Placed]) -> Outcomes:
    """Return what becomes of each row that could be stored already."""
    by_table: dict[str, dict[Key, list[Values]]] = defaultdict(lambda: defaultdict(list))
    for one in rows:
        if one.values is not None:
            records = by_table[one.row.table][one.name[1]]
            if one.values not in records[-1:]:  # each job of a run brings the same stub of it
                records.append(one.values)
    outcomes = {}
    for name, wanted in by_table.items():
        stored = by_key(connection, metadata.tables[name], wanted, without=LARGE)
        for key, records in wanted.items():
            outcomes[name, key] = outcome_of(name, stored.get(key), records)
    return outcomes


def outcome_of(table: str, stored: Values | None, records: Iterable[Values]) -> str:
    """Return what records make of a stored row."""
    if stored is None:
        return NEW
    after = stored
    for values in records:
        after = merged(table, after, values)
    return UNCHANGED if after == stored else CHANGED


def runs_touched(rows: Iterable[Placed], outcomes: Outcomes) -> set[tuple[str, Key]]:
    """Return the runs with an attempt or a job that changes: they are locked and derived anew."""
    return {
        ("workflowruns", (one.values["provider"], one.values["rungitid"]))
        for one in rows
        if one.values is not None
        and one.row.table in ("runattempts", "jobs")
        and outcomes[one.name] != UNCHANGED
    }


def lock_of(run: Row) -> Row:
    """Return what locks a run that says nothing new: its key, as a stub."""
    key = {name: run.values[name] for name in keys(metadata.tables[run.table])}
    return Row(run.table, {**key, "version": STUB})


def is_covered(stub: Values | None, full: Values | None) -> bool:
    """Tell whether a row is the stub of one that brings all it says: a run, with its jobs."""
    if stub is None or full is None or stub.get("version") != STUB:
        return False
    return all(full.get(name) == value for name, value in stub.items() if name != "version")


def repositories(
    batch: Sequence[Read], stored_repos: dict[Key, Values], known: Known
) -> dict[Key, str]:
    """Return what becomes of each repository's row; one that stays needs no upsert."""
    records: dict[Key, dict[bytes, Values]] = defaultdict(dict)
    for read in batch:
        values: Values = read.mapped.repository.values
        records[places.key_of(read.mapped)][values["version"]] = values
    outcomes = {}
    for key, found in records.items():
        stored = stored_repos.get(key)
        outcomes[key] = outcome_of("repos", stored, found.values())
        if stored is not None and outcomes[key] == UNCHANGED and stored["version"] != STUB:
            known.remember("repos", [stored])
    return outcomes
