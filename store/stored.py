"""Read stored rows by their keys, as they stand beside new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, select

from schema.tables import keys

Key = tuple[Any, ...]
Values = dict[str, Any]
PART = 500


@cache
def key_names(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that name a row: asked for with every row."""
    return keys(table)


def key_of(table: Table, values: Values) -> Key:
    """Return what names a row in its table."""
    return tuple([values[name] for name in key_names(table)])


def by_key(
    connection: Connection, table: Table, wanted: Iterable[Key], without: Sequence[str] = ()
) -> dict[Key, Values]:
    """Return the stored rows among `wanted`, by key, with all columns but `without`."""
    names = key_names(table)
    scopes: dict[Any, set[Any]] = defaultdict(set)
    for scope, second, *_ in (wanted := set(wanted)):
        scopes[scope].add(second)
    columns = [one for one in table.columns if one.name not in without]
    found: dict[Key, Values] = {}
    for scope, seconds in scopes.items():
        for part in parts(seconds):
            query = select(*columns).where(table.c[names[0]] == scope, table.c[names[1]].in_(part))
            for row in connection.execute(query):
                values = dict(row._mapping)
                key = key_of(table, values)
                if key in wanted:
                    found[key] = values
    return found


def parts(values: Iterable[Any]) -> Iterable[list[Any]]:
    """Yield sorted values in lists that a statement can take."""
    whole = sorted(values)
    return (whole[at : at + PART] for at in range(0, len(whole), PART))
