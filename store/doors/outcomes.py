"""What becomes of rows that were read, beside what is stored already."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

from rows import Mapped, Row
from schema.tables.ci import jobs, keys, metadata
from store.write import repositories
from store.write.merge_rules import check_parents, is_newer, merged
from store.write.repositories import StoredRepository
from store.write.stored_rows import Key, Values, by_key, key_getter, key_of, runs_with_jobs

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
LARGE = ("steps",)
"""Columns that are not compared: they are state, so their version speaks for them."""

RowName = tuple[str, Key]
"""A row's table and key."""
Outcomes = dict[RowName, str]


class NamedRow(NamedTuple):
    """A row of a batch, what names it, and its repository; None where that is not stored yet."""

    row: Row
    name: RowName
    place: StoredRepository | None
    told: Values
    """The repository as its record knew it."""

    @property
    def values(self) -> Values:
        """The row as it would be written."""
        return repositories.values_in(self.place, self.row, self.told) if self.place else {}


def name_rows(mapped: Mapped, stored_repos: Mapping[Key, Values]) -> list[NamedRow]:
    """Return the rows of an object, each with what names it.

    While its repository has no number, a row is named by all that it says.
    """
    told: Values = mapped.repository.values
    repo = stored_repos.get(repositories.key_of(mapped))
    if repo is None:
        return [
            NamedRow(row, (row.table, tuple(row.values.items())), None, told) for row in mapped.rows
        ]
    newest = told if told["version"] > repo["version"] else repo
    place = StoredRepository(repo["Id"], newest["name"], newest["url"])
    return [
        NamedRow(row, (row.table, key_in(row.table, place.repoid)(row.values)), place, told)
        for row in mapped.rows
    ]


@lru_cache(maxsize=1024)
def key_in(table: str, repoid: int) -> Callable[[Values], Key]:
    """Return what takes the key out of a row of a repository, which does not say its number."""
    own = metadata.tables[table]
    if "repoid" not in keys(own):
        return key_getter(own)
    return lambda values: key_of(own, {**values, "repoid": repoid})


def outcomes_of(connection: Connection, rows: Iterable[NamedRow]) -> Outcomes:
    """Return what becomes of each row that could be stored already."""
    by_table: dict[str, dict[Key, list[NamedRow]]] = defaultdict(dict)
    for row in rows:
        if row.place is not None:
            table, key = row.name
            by_table[table].setdefault(key, []).append(row)
    outcomes = {}
    for name, by_name in by_table.items():
        stored = stored_among(connection, name, by_name)
        for key, records in by_name.items():
            before = stored.get(key)
            outcomes[name, key] = (
                NEW if before is None else outcome_of(name, before, (row.values for row in records))
            )
    return outcomes


def stored_among(
    connection: Connection, name: str, wanted: Mapping[Key, Sequence[NamedRow]]
) -> dict[Key, Values]:
    """Return the stored ones of rows, with the columns that their records tell.

    No job is looked for of a run that has none yet: of most runs all come at once.
    """
    if name == jobs.name:
        runs = {key: (key[0], told_run(records)) for key, records in wanted.items()}
        known = runs_with_jobs(connection, set(runs.values()))
        wanted = {key: wanted[key] for key, run in runs.items() if run in known}
    told = {tuple(row.row.values) for records in wanted.values() for row in records}
    names = {"version", "repoid", "repo"}.union(*told).difference(LARGE)
    return by_key(connection, metadata.tables[name], wanted, names)


def told_run(records: Sequence[NamedRow]) -> int:
    """Return the run that records of a job say it is of."""
    run = records[0].row.values["rungitid"]
    assert isinstance(run, int)  # noqa: S101 - rows.github.job reads it as a number
    return run


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
        if table in PARENTS and row.place is not None and outcomes[row.name] != UNCHANGED:
            parent, name = PARENTS[table]
            touched.add((parent, (row.name[1][0], row.row.values[name])))
    return touched


PARENTS = {
    "runattempts": ("workflowruns", "rungitid"),
    "jobs": ("workflowruns", "rungitid"),
    "branchmoves": ("branches", "name"),
}
"""By table: the parent's table, and the column that names it in the scope of the row's own key."""
