"""Rows from one store to another as they are, by their Ids, as many at once as memory allows."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Insert, LargeBinary, Table, delete, func, insert, select
from sqlalchemy.exc import DBAPIError

from engines import faults, kind_of, reading
from engines.column_types import Bytes
from engines.transaction import transact
from schema.tables.columns import keys, metadata

ROWS = 2_000
HEAVY_ROWS = 100
"""Of tables with bodies, of which one may have 400,000 bytes."""
NUL, REPLACEMENT = "\0", "\N{REPLACEMENT CHARACTER}"

Row = tuple[Any, ...]
Report = Callable[[str, int, int], None]
"""Called with a table, the Id to which it is copied and its last one, or, to compare, the number of
rows that are, and 0."""


class Uncopied(Exception):
    """A row that the other database does not take, or not as it is; says which, and why."""


class Copying(NamedTuple):
    """The two stores, whom to tell how far it is, and what to do between two steps."""

    source: Engine
    target: Engine
    report: Report
    between: Callable[[], None]


def tables() -> Sequence[Table]:
    """Return the tables of a store."""
    return metadata.sorted_tables


def chunk_size(table: Table) -> int:
    """Return how many rows are read at once."""
    return HEAVY_ROWS if any(one.type is Bytes for one in table.c) else ROWS


def read_rows(
    connection: Connection, table: Table, after: int, until: int | None = None
) -> list[Row]:
    """Return rows by their Ids: the first ones after one, or all up to another."""
    query = select(*table.c).where(table.c.Id > after).order_by(table.c.Id)
    query = query.limit(chunk_size(table)) if until is None else query.where(table.c.Id <= until)
    rows = [tuple(row) for row in connection.execute(query)]
    for place in (at for at, one in enumerate(table.c) if isinstance(one.type, LargeBinary)):
        # SQLite keeps bytes that a DEFAULT gave as the text that it is.
        if any(type(row[place]) is str for row in rows):
            rows = [(*row[:place], as_bytes(row[place]), *row[place + 1 :]) for row in rows]
    return rows


def as_bytes(value: Any) -> Any:
    """Return a value of a column of bytes as bytes."""
    return value.encode() if type(value) is str else value


def as_held(rows: list[Row], engine: Engine) -> list[Row]:
    """Return rows as a database of an engine holds them: U+0000 is replaced where it cannot be.

    Only rows of releases before that replaced it themselves have one (rows/fields.py).
    """
    texts = (value for row in rows for value in row if type(value) is str)
    if kind_of(engine.url).holds_nul or not any(NUL in text for text in texts):
        return rows
    return [
        tuple(value.replace(NUL, REPLACEMENT) if isinstance(value, str) else value for value in row)
        for row in rows
    ]


def append_missing(copying: Copying) -> None:
    """Append to each table what the source holds beyond its last row. Raises Uncopied."""
    for table in tables():
        for done, last in append_table(copying, table):
            copying.report(table.name, done, last)
            copying.between()


def append_table(copying: Copying, table: Table) -> Iterator[tuple[int, int]]:
    """Append to a table; yield after each step the Id that is done, and the last one."""
    with reading(copying.target).connect() as connection:
        done = connection.scalar(select(func.max(table.c.Id))) or 0
    last = done
    while True:
        # A transaction for each step: one that stays open keeps a server's old rows, and a log.
        with copying.source.connect() as connection:
            if done >= last:
                last = connection.scalar(select(func.max(table.c.Id))) or 0
            rows = as_held(read_rows(connection, table, done), copying.target)
        if not rows:
            return
        write_rows(copying.target, table, rows)
        done = rows[-1][0]
        yield done, last


def write_rows(engine: Engine, table: Table, rows: Sequence[Row], gone: Sequence[int] = ()) -> None:
    """Store rows as they are in place of those with their Ids, and delete others.

    Raises Uncopied, DBAPIError.
    """
    try:
        transact(engine, lambda connection: put(connection, table, rows, gone))
    except DBAPIError as error:
        if faults.fault(error) != faults.DATA:
            raise
        write_rows(engine, table, (), gone)  # first: rows that come may have their Ids
        for row in rows:
            write_row(engine, table, row)


def write_row(engine: Engine, table: Table, row: Row) -> None:
    """Store a row that may be the one which is refused, or whose key another one has yet."""
    values = dict(zip(table.c.keys(), row, strict=True))
    key = {name: values[name] for name in keys(table)}

    def work(connection: Connection) -> None:
        if None not in key.values():  # NULLs are no key: several rows may have them
            connection.execute(delete(table).filter_by(**key))
        put(connection, table, [row], [row[0]])

    try:
        transact(engine, work)
    except DBAPIError as error:
        if faults.fault(error) != faults.DATA:
            raise
        raise Uncopied(f"{table.name} Id {row[0]}: {faults.cause(error)}") from error


@cache
def insertion(table: Table) -> Insert:
    """Return the INSERT of whole rows, the same object each time: it is compiled once."""
    return insert(table)


def put(connection: Connection, table: Table, rows: Sequence[Row], gone: Sequence[int]) -> None:
    """Delete rows by their Ids, then insert others."""
    if gone:
        connection.execute(delete(table).where(table.c.Id.in_(gone)))
    if rows:
        names = table.c.keys()
        new = [dict(zip(names, row, strict=True)) for row in rows]
        kind_of(connection).post(connection, insertion(table), new)
