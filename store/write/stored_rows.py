"""Read stored rows by their keys, as they stand beside new ones."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Table, bindparam, select

from engines.chunks import by_scope
from schema.tables.ci import keys

Key = tuple[Any, ...]
Values = dict[str, Any]


def key_of(table: Table, values: Values) -> Key:
    """Return what names a row in its table."""
    return tuple([values[name] for name in keys(table)])


def by_key(
    connection: Connection, table: Table, wanted: Iterable[Key], without: tuple[str, ...] = ()
) -> dict[Key, Values]:
    """Return the stored rows among `wanted`, by key, with all columns but `without`."""
    wanted = set(wanted)
    names = tuple(one.name for one in table.columns if one.name not in without)
    stored: dict[Key, Values] = {}
    for scope, part in by_scope(sorted({(scope, second) for scope, second, *_ in wanted})):
        for row in connection.execute(query_of(table, names), {"of": scope, "those": part}):
            values = dict(zip(names, row, strict=True))
            key = key_of(table, values)
            if key in wanted:
                stored[key] = values
    return stored


@cache
def query_of(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """Return the query for these columns of the rows of one scope."""
    scope, second, *_ = keys(table)
    wanted: BindParameter[Any] = bindparam("those", expanding=True)
    chosen = (table.c[scope] == bindparam("of"), table.c[second].in_(wanted))
    return select(*(table.c[name] for name in names)).where(*chosen)
