"""Rows whose column has one of many values: a list, one array on PostgreSQL, one text on SQLite.

PostgreSQL compares each row that another condition leaves with each value of a list, if it thinks
that there are few rows: 25 s for Debian's packages. For SQLite, SQLAlchemy writes each list anew.
"""

from collections.abc import Collection, Iterator
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    func,
    select,
    true,
)

from engines.chunks import chunks
from engines.kind import kind_of

VALUES = "listed_values"
MANY = 5000
"""Values of a statement where they are one array, or one text."""


def rows_listed(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Collection[Any]
) -> Iterator[Any]:
    """Yield the rows of a query whose column has one of these values."""
    if not values:
        return
    kind = kind_of(connection)
    if kind.has_arrays or kind.is_file:
        beside = for_each_of_array(query, column) if kind.has_arrays else of_text(query, column)
        whole = [*values]
        for at in range(0, len(whole), MANY):
            part: Any = whole[at : at + MANY]
            given = part if kind.has_arrays else orjson.dumps(part).decode()
            yield from connection.execute(beside, {VALUES: given}).all()
        return
    # The values are bound by name: SQLAlchemy looks at each of a list.
    listed = query.where(column.in_(bindparam(VALUES, expanding=True)))
    for part in chunks(values):
        yield from connection.execute(listed, {VALUES: part}).all()


def of_text(query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    """Return a query of the rows whose column has a value of a list, which is given as JSON."""
    wanted = func.json_each(bindparam(VALUES, type_=Text())).table_valued("value")
    return query.where(column.in_(select(wanted.c.value)))


def for_each_of_array(query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    """Return a query that steps down an index once for each value of an array."""
    item: Any = BigInteger() if isinstance(column.type, Integer) else Text()
    array: Any = func.unnest(bindparam(VALUES, type_=ARRAY(item)))
    wanted = array.table_valued("value").render_derived(name="wanted")
    columns = [own.label(f"column{at}") for at, own in enumerate(query.selected_columns)]
    # OFFSET keeps PostgreSQL from joining the whole table with the array.
    own = query.with_only_columns(*columns, maintain_column_froms=True)
    row = own.where(column == wanted.c.value).offset(0).lateral("own")
    return select(*row.c).select_from(wanted.join(row, true()))
