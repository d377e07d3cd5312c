"""What becomes of rows that were read, beside what is stored already."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

from rows import Mapped, Row
from schema.tables.ci import jobs, keys, metadata
from store.write import repositories
from store.write.merge_rules import adds_nothing, is_elsewhere, is_newer, merged
from store.write.repositories import StoredRepository
from store.write.stored_rows import Key, Values, by_key, key_getter, key_of, runs_with_jobs

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
LARGE = ("steps",)
"""Columns that are not compared: they are state, so their version speaks for them."""

Outcomes = dict[str, dict[Key, str]]
"""By table and key, of rows that are stored already; all others are new."""
PARENTS = {
    "runattempts": ("workflowruns", "rungitid"),
    "jobs": ("workflowruns", "rungitid"),
    "branchmoves": ("branches", "name"),
}
"""By table: the parent's table, and the column that names it in the scope of the row's own key."""


class NamedRows(NamedTuple):
    """An object's rows of a table, what names each, and their repository; None: not stored yet."""

    table: str
    rows: list[Row]
    keys: list[Key]
    place: StoredRepository | None
    told: Values
    """The repository as its record knew it."""

    def as_written(self, row: Row) -> Values:
        """Return a row as it would be written."""
        return repositories.values_in(self.place, row, self.told) if self.place else {}


def name_rows(mapped: Mapped, stored_repos: Mapping[Key, Values]) -> list[NamedRows]:
    """Return the rows of an object by table, each with what names it.

    While its repository has no number, a row is named by all that it says.
    """
    told: Values = mapped.repository.values
    repo = stored_repos.get(repositories.key_of(mapped))
    by_table: dict[str, list[Row]] = defaultdict(list)
    for row in mapped.rows:
        by_table[row.table].append(row)
    if repo is None:
        return [
            NamedRows(table, rows, [tuple(row.values.items()) for row in rows], None, told)
            for table, rows in by_table.items()
        ]
    newest = told if told["version"] > repo["version"] else repo
    place = StoredRepository(repo["Id"], newest["name"], newest["url"])
    named = []
    for table, rows in by_table.items():
        key_of_row = key_in(table, place.repoid)
        named.append(NamedRows(table, rows, [key_of_row(row.values) for row in rows], place, told))
    return named


@lru_cache(maxsize=1024)
def key_in(table: str, repoid: int) -> Callable[[Values], Key]:
    """Return what takes the key out of a row of a repository, which does not say its number."""
    own = metadata.tables[table]
    if "repoid" not in keys(own):
        return key_getter(own)
    return lambda values: key_of(own, {**values, "repoid": repoid})


def outcomes_of(connection: Connection, named: Iterable[NamedRows]) -> Outcomes:
    """Return what becomes of each row that is stored already."""
    by_table: dict[str, list[NamedRows]] = defaultdict(list)
    for some in named:
        if some.place is not None:
            by_table[some.table].append(some)
    outcomes: Outcomes = {}
    for name, all_named in by_table.items():
        stored = stored_among(connection, name, all_named)
        records: dict[Key, list[Values]] = defaultdict(list)
        for some in all_named if stored else ():
            for row, key in zip(some.rows, some.keys, strict=True):
                if key in stored:
                    records[key].append(some.as_written(row))
        outcomes[name] = {key: outcome_of(name, stored[key], told) for key, told in records.items()}
    return outcomes


def stored_among(
    connection: Connection, name: str, all_named: Sequence[NamedRows]
) -> dict[Key, Values]:
    """Return the stored ones of rows, with the columns that their records tell.

    No job is looked for of a run that has none yet: of most runs all come at once.
    """
    rows = [row for some in all_named for row in zip(some.rows, some.keys, strict=True)]
    if name == jobs.name:
        runs = {(key[0], row.values["rungitid"]) for row, key in rows}
        known = runs_with_jobs(connection, runs)  # type: ignore[arg-type] # a number
        if not known:
            return {}
        rows = [one for one in rows if (one[1][0], one[0].values["rungitid"]) in known]
    if not rows:
        return {}
    told = {tuple(row.values) for row, _ in rows}
    names = {"version", "repoid", "repo"}.union(*told).difference(LARGE)
    return by_key(connection, metadata.tables[name], {key for _, key in rows}, names)


def outcome_of(table: str, stored: Values | None, records: Iterable[Values]) -> str:
    """Return what records make of a stored row."""
    if stored is None:
        return NEW
    after = stored
    for values in records:
        if is_newer(after, values) and not is_elsewhere(table, after, values):
            return CHANGED  # its version at least, and that does not go back
        if not adds_nothing(values, after):
            after = merged(table, after, values)
    return UNCHANGED if after == stored else CHANGED


def parents_touched(named: Iterable[NamedRows], outcomes: Outcomes) -> dict[str, set[Key]]:
    """Return the rows that are derived from others that change: they are locked, and derived anew.

    A run is derived from its attempts and jobs, a branch from its moves. By table, their keys.
    """
    touched: dict[str, set[Key]] = defaultdict(set)
    for some in named:
        if some.table in PARENTS and some.place is not None:
            parent, name = PARENTS[some.table]
            its = outcomes[some.table]
            touched[parent].update(
                (key[0], row.values[name])
                for row, key in zip(some.rows, some.keys, strict=True)
                if its.get(key) != UNCHANGED
            )
    return touched
