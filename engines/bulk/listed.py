"""Rows whose column has one of many values: a list, or one array that PostgreSQL takes one by one.

It compares each row that another condition leaves with each value of a list, if it thinks that
there are few rows: 25 s for Debian's packages.
"""

from collections.abc import Collection, Iterator
from typing import Any

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
"""Values of a statement where they are one array."""


def rows_listed(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Collection[Any]
) -> Iterator[Any]:
    """Yield the rows of a query whose column has one of these values."""
    if not values:
        return
    if kind_of(connection).has_arrays:
        beside = for_each_of_array(query, column)
        whole = [*values]
        for at in range(0, len(whole), MANY):
            yield from connection.execute(beside, {VALUES: whole[at : at + MANY]}).all()
        return
    # The values are bound by name: SQLAlchemy looks at each of a list.
    listed = query.where(column.in_(bindparam(VALUES, expanding=True)))
    for part in chunks(values):
        yield from connection.execute(listed, {VALUES: part}).all()


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
