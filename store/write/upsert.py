"""Merge rows into a table: one statement per table and set of columns, on every engine.

How a column is merged follows from its kind (schema/tables/ci.py):

- state: the record with the greater version wins
- fixed: likewise, but a known value is never replaced by nothing
- parent: the stored one; another one refuses the record (store/write/parents.py)
- place: the latest writer knows where the repository is today, unless it does not know the page
- first, last, sticky: least, greatest, ever true

`version` is assigned last. MySQL assigns from left to right and later assignments see earlier
ones: with the version first, one history gave five different results, depending on its order.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, case, false, insert

from engines import Kind, kind_of
from engines.column_types import Exact
from rows import Unmappable
from rows.version import STUB
from schema.tables.ci import keys, metadata
from store.write.merge_rules import adds_nothing, merged, rules_of
from store.write.parents import heeding_parents
from store.write.stored_rows import Key, Values, key_getter, key_of

Assigned = list[tuple[str, Any]]
Numbers = Mapping[Key, int]
"""`Id` of stored rows, by their keys."""
NONE_KNOWN: Numbers = {}
Turns = list[tuple[tuple[str, ...], list[Values]]]
"""Statements, by their columns, with their rows."""
FEW_TURNS = 6
"""Statements that are no dearer than one that locks their rows, and one for each set of columns."""


def insert_or(kind: Kind, table: Table, assign: Callable[[Any], Assigned]) -> Any:
    """Return an INSERT that assigns, in order, where the key is stored already.

    `assign` is given the new record's columns and returns what the stored row's become.
    """
    return kind.insert_or(table, keys(table), assign)


@lru_cache(maxsize=256)
def statement(kind: Kind, name: str, columns: tuple[str, ...]) -> Any:
    """Return the upsert of these columns of a table; SQLAlchemy compiles it once."""
    table = metadata.tables[name]
    rules = rules_of(name, has_url="url" in columns)

    def assign(new: Any) -> Assigned:
        newer = new["version"] > table.c.version if "version" in columns else false()
        assigned = [
            (column, rule.sql(new[column], table.c[column], newer))
            for column, rule in rules.items()
            if column in columns
        ]
        if "version" in columns:
            version = case((newer, new["version"]), else_=table.c.version)
            assigned.append(("version", version))
        return heeding_parents(table, columns, new, assigned)

    return insert_or(kind, table, assign)


def upsert(
    connection: Connection, name: str, rows: Sequence[Values], numbers: Numbers = NONE_KNOWN
) -> None:
    """Merge rows into the table `name`, in the order of their keys.

    The order is the same for every writer, so that two of them never wait for each other.
    `numbers` are those of stored rows, as far as this transaction knows them.
    Raises Unmappable for a text that does not fit its column.
    """
    if not rows:
        return
    table = metadata.tables[name]
    groups = by_columns(table, distinct(rows))
    turns: Turns = list(groups.items())
    if len(groups) > 1:
        turns = in_turns(table, groups)
        if len(turns) > FEW_TURNS:
            lock(connection, table, rows)
            turns = sorted(groups.items())
    kind = kind_of(connection)
    for columns, alike in turns:
        merging = combine(table, alike)
        if numbers and kind.finds_by_number:
            key_in = key_getter(table)
            merging = [{**values, "Id": numbers.get(key_in(values))} for values in merging]
        kind.post(connection, statement(kind, name, columns), merging)


def numbers_of(stored: Mapping[Key, Any]) -> dict[Key, int]:
    """Return the numbers of stored rows, by their keys."""
    return {key: row.Id for key, row in stored.items()}


def insert_new(connection: Connection, name: str, rows: Sequence[Values]) -> None:
    """Insert rows of which none is stored; if one is, the database refuses them.

    Sets of columns go one after the other, not by their keys: runs have one set, and attempts and
    jobs belong to runs that this transaction holds by then, so that nobody else waits for them.
    """
    if not rows:
        return
    table, kind = metadata.tables[name], kind_of(connection)
    for _, alike in sorted(by_columns(table, rows).items()):
        kind.post(connection, insertion(table), alike)


@lru_cache
def insertion(table: Table) -> Any:
    """Return the plain INSERT of a table."""
    return insert(table).inline()


def by_columns(table: Table, rows: Iterable[Values]) -> dict[tuple[str, ...], list[Values]]:
    """Return rows in the order of their keys, by their columns. Raises Unmappable."""
    groups: dict[tuple[str, ...], list[Values]] = defaultdict(list)
    before, group = None, list[Values]()
    for values in sorted(rows, key=key_getter(table)):
        names = tuple(values)
        if names != before:  # mostly they are those of the row before
            before, group = names, groups[in_order(names)]
        group.append(values)
    for columns, alike in groups.items():
        check_lengths(table, columns, alike)
    return groups


def in_turns(table: Table, groups: Mapping[tuple[str, ...], Iterable[Values]]) -> Turns:
    """Return rows in the order of their keys, each as it is, in as many statements as that takes.

    A row that is new is so written at once. Where it was locked by its key alone, and filled by the
    next statement, each index took an entry for nothing, and moved it: at ten million runs most of
    what a delivery cost more. Of a key records go before stubs, and a stub that says no more than
    the first of them not at all.
    """
    key_in = key_getter(table)
    ordered = sorted(
        (
            (key_in(values), columns, values)
            for columns, alike in groups.items()
            for values in alike
        ),
        key=lambda entry: (entry[0], entry[2].get("version", STUB) == STUB),
    )
    newest: dict[Key, Values] = {}
    needed = [
        (columns, values)
        for key, columns, values in ordered
        if (first := newest.setdefault(key, values)) is values
        or values.get("version") != STUB
        or not adds_nothing(values, first)
    ]
    return [
        (columns, [values for _, values in alike])
        for columns, alike in groupby(needed, key=itemgetter(0))
    ]


@lru_cache(maxsize=256)
def in_order(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return columns in the order in which a statement names them."""
    return tuple(sorted(columns))


def combine(table: Table, rows: Iterable[Values]) -> list[Values]:
    """Return rows of the same columns, in the order of their keys, each key once.

    A job is told of three times within seconds: what its records leave is the same, one by one or
    at once. Raises Unmappable for a record that says the row is another's.
    """
    combined: dict[Key, Values] = {}
    key_in = key_getter(table)
    for values in rows:
        key = key_in(values)
        before = combined.get(key)
        if before is None:
            combined[key] = values
        elif values != before:
            combined[key] = merged(table.name, before, values)
    return list(combined.values())


def distinct(rows: Iterable[Values]) -> list[Values]:
    """Return the rows, each stub once: every job of a page brings the same one of its run."""
    stubs, others = dict[tuple[Any, ...], Values](), list[Values]()
    for values in rows:
        if values.get("version"):
            others.append(values)
        else:
            stubs[tuple(values.items())] = values
    return [*stubs.values(), *others]


def put_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Store rows with the same columns; they take the place of what is stored by their keys."""
    if rows:
        kind = kind_of(connection)
        kind.post(connection, replacement(kind, table, tuple(rows[0])), rows)


@lru_cache
def replacement(kind: Kind, table: Table, columns: tuple[str, ...]) -> Any:
    """Return the INSERT of these columns that replaces what is stored by the same key."""
    names = [name for name in columns if name not in keys(table)]
    return insert_or(kind, table, lambda new: [(name, new[name]) for name in names])


def lock(connection: Connection, table: Table, rows: Iterable[Values]) -> None:
    """Lock rows, new ones too, in the order of their keys.

    Rows with different columns take several statements, each in order, all together not: with
    stubs and full rows in their batches, most transactions of busy writers ended in a deadlock.
    """
    empty = {"version": STUB} if "version" in table.c else {}
    ordered = sorted({key_of(table, values) for values in rows})
    stubs = [{**dict(zip(keys(table), key, strict=True)), **empty} for key in ordered]
    columns = tuple(sorted(stubs[0]))
    kind = kind_of(connection)
    kind.post(connection, statement(kind, table.name, columns), stubs)


@lru_cache(maxsize=256)
def lengths(name: str, columns: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return the columns that hold a limited text, with their limits in characters."""
    table = metadata.tables[name]
    types = ((one, table.c[one].type) for one in columns)
    return tuple((one, type_.length) for one, type_ in types if isinstance(type_, Exact))


def check_lengths(table: Table, columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Refuse what MySQL would refuse and SQLite would store: the engines hold the same rows."""
    for column, limit in lengths(table.name, columns):
        texts = filter(None, set(map(itemgetter(column), rows)))
        if max(map(len, texts), default=0) > limit:
            raise Unmappable(f"{table.name}.{column}", f"is longer than {limit} characters")
