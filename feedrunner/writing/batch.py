"""The rows of a transaction: what is new is inserted, what differs is changed."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, Table, bindparam, update

from engines.bulk.inserts import insert_columns
from feedrunner.writing.known_rows import (
    Selection,
    Stored,
    find,
    has_packages,
    manager_id,
    numbers_since,
    word_ids,
)
from feedrunner.writing.met_rows import WORDS, MetRows
from feedrunner.writing.row_numbers import Numbers
from schema.tables import packages as tables

Row = dict[str, Any]
Find = Callable[[Sequence[str]], Mapping[Any, Stored]]
"""What returns the stored rows by their keys, with the columns that are named."""


class Loading(Protocol):
    """What the rows of a load have in common."""

    @property
    def number(self) -> int: ...
    @property
    def feed(self) -> str: ...
    @property
    def manager(self) -> str | None: ...
    @property
    def now(self) -> datetime: ...
    @property
    def tried_for(self) -> Engine | None: ...


class Written(NamedTuple):
    """How many rows changed, the numbers of those that came, by stream, and the versions whose
    lists began, by stream; under `versions` those that are new."""

    changed: int
    seen: Mapping[str, Sequence[int]]
    listed: Mapping[str, set[int]]


class Batch:
    """The records of a transaction, and what they lead to."""

    def __init__(
        self, connection: Connection, load: Loading, listed: Mapping[str, Numbers], met: MetRows
    ) -> None:
        self.connection, self.load, self.listed = connection, load, listed
        self.met = met
        met.begin()
        self.changed = 0
        self.seen = dict[str, list[int]]()
        self.newly_listed = dict[str, set[int]]()
        self.manager = 0
        if load.manager is not None:
            self.manager = self.registry(load.manager)
            if met.whole is None:
                # What is tried, and taken back, may meet another feed's rows.
                is_empty = bool(load.number) and not has_packages(connection, self.manager)
                met.begin_registry(is_empty=is_empty)

    def registry(self, manager: str) -> int:
        """Return the number of a registry, written where it is new."""
        table, met = tables.package_managers.name, self.met
        known = met.of(WORDS, [(table, manager)])
        if not known:
            known = {(table, manager): manager_id(self.connection, manager, self.load.now)}
            met.new[WORDS].update(known)
        return known[table, manager]

    def word_ids(self, table: Table, column: str, words: Collection[str]) -> dict[str, int]:
        """Return the numbers of words of a table, written where they are new."""
        known = self.met.of(WORDS, [(table.name, word) for word in words])
        numbers = {word: number for (_, word), number in known.items()}
        rest = [word for word in words if word not in numbers]
        if rest:
            more = word_ids(self.connection, table, column, rest, self.load.now)
            self.met.new[WORDS].update(((table.name, word), more[word]) for word in rest)
            numbers |= more
        return numbers

    def has_made(self, version: int) -> bool:
        """Tell whether this load made a version, and nobody else wrote its lists meanwhile."""
        return self.met.is_alone and self.is_own(version)

    def is_own(self, version: int) -> bool:
        return version in self.listed["versions"] or version in self.newly_listed.get(
            "versions", ()
        )

    def find(
        self, table: Table, key: Sequence[str], names: Sequence[str], selection: Selection
    ) -> dict[Any, Stored]:
        """Return stored rows by their key, with the columns that are named."""
        return find(self.connection, table, key, names, selection)

    def new_numbers(
        self, table: Table, key: Sequence[str], last: int, places: Set[Any]
    ) -> dict[Any, int]:
        """Return the numbers of rows that were inserted just now, after the number `last`."""
        if not places:
            return {}
        numbers = numbers_since(self.connection, table, key, last)
        return {place: numbers[place] for place in places}

    def put(
        self, table: Table, key: Sequence[str], rows: list[Row], stored: Find, *, resets: str = ""
    ) -> dict[Any, int]:
        """Insert rows that are new and change those that differ; return the old ones' numbers.

        A row's absent columns stay; the last of several rows with one key counts. `resets` is a
        column that a change empties.
        """
        own: Callable[[Row], Any] = itemgetter(*key)
        last = {own(row): row for row in rows}
        if len(last) < len(rows):
            last = dict[Any, Row]()
            for row in rows:
                last[own(row)] = {**last.get(own(row), {}), **row}
        alike = defaultdict[tuple[str, ...], list[tuple[Any, Row]]](list)
        for place, row in last.items():
            alike[sorted_names(tuple(row))].append((place, row))
        numbers = dict[Any, int]()
        for names, group in alike.items():
            there, values_of = stored(names), itemgetter(*names)
            changes = list[Row]()
            for place, row in group:
                old = there.get(place)
                if old is not None:
                    numbers[place] = old.number
                    if old.values != values_of(row):
                        changes.append({**row, "row": old.number})
            self.change(table, (*names, *([resets] if resets else ())), changes)
        self.insert_rows(table, [row for place, row in last.items() if place not in numbers])
        return numbers

    def insert_rows(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows in this order, however different their columns: of two packages of one name
        the one that came last has it."""
        names = sorted({name for row in rows for name in row})
        self.insert(table, names, [[row.get(name) for row in rows] for name in names])

    def insert(
        self,
        table: Table,
        names: Sequence[str],
        columns: Sequence[Sequence[Any]],
        alike: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert rows, a list of values for each name; `alike` all have."""
        if not columns or not columns[0]:
            return
        made = self.times(table) | {"created_at": self.load.now}
        made = {name: value for name, value in made.items() if name in table.c}
        insert_columns(self.connection, table, names, columns, made | {**(alike or {})})
        self.changed += len(columns[0])

    def change(self, table: Table, names: Sequence[str], rows: list[Row]) -> None:
        if not rows:
            return
        times = self.times(table)
        setting: Any = {name: bindparam(name) for name in (*names, *times)}
        changing = update(table).where(table.c.Id == bindparam("row")).values(setting)
        self.connection.execute(
            changing, [{**dict.fromkeys(names), **row, **times} for row in rows]
        )
        self.changed += len(rows)

    def times(self, table: Table) -> Row:
        """Return what every row that is written says of it."""
        times = {"updated_at": self.load.now, "load_id": self.load.number}
        return {name: value for name, value in times.items() if name in table.c}


@lru_cache(maxsize=1024)
def sorted_names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names))
