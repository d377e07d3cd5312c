"""Two stores row by row: what differs is written, and all that was read is counted and hashed.

What is compared is read again after it was written, so that a round that ends is the proof: each
row of the source, as it was when the round began, stands in the target.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table

from engines import kind_of, reading
from store.copying.table_copy import (
    Copying,
    Row,
    Uncopied,
    as_held,
    read_rows,
    tables,
    write_rows,
)


class TableState(NamedTuple):
    """What a table holds: the number of its rows, and the hash of all their values by their Ids."""

    rows: int
    sha256: str


class Round(NamedTuple):
    """One look at both stores: what the source held when it began, and the target holds now.

    `changed` counts the rows that were written, `next_numbers` are what the source's tables give
    next.
    """

    time: datetime
    tables: dict[str, TableState]
    changed: int
    next_numbers: dict[str, int]


class Digest:
    """Counts and hashes rows as they come."""

    def __init__(self) -> None:
        self.rows, self.hash = 0, hashlib.sha256()

    def add(self, rows: Sequence[Row], text: bytes) -> None:
        """Add rows, whose `text` is theirs from `as_text`."""
        self.rows += len(rows)
        self.hash.update(text)

    def state(self) -> TableState:
        """Return what was added."""
        return TableState(self.rows, self.hash.hexdigest())


def as_text(rows: Sequence[Row]) -> bytes:
    """Return rows as bytes that are the same on every engine, and no others' are."""
    return "".join(f"{row!r}\n" for row in rows).encode("utf-8", "surrogatepass")


def compare(copying: Copying) -> Round:
    """Let the target hold what the source does at one moment. Raises Uncopied, DBAPIError."""
    with copying.source.connect() as connection:  # one moment for all tables
        numbers = {
            table.name: kind_of(connection).next_number(connection, table.name)
            for table in tables()
        }
        time = datetime.now(UTC)
        states, changed = dict[str, TableState](), 0
        for table in tables():
            states[table.name], written = compare_table(copying, connection, table)
            changed += written
    return Round(time, states, changed, numbers)


def compare_table(copying: Copying, connection: Connection, table: Table) -> tuple[TableState, int]:
    """Let a table hold what the source's does; return that, and how many rows differed."""
    here, there, changed, after = Digest(), Digest(), 0, 0
    while True:
        rows = as_held(read_rows(connection, table, after), copying.target)
        until = rows[-1][0] if rows else None
        text = as_text(rows)
        held = read_held(copying.target, table, after, until)
        if as_text(held) != text:
            changed += write_changes(copying.target, table, rows, held)
            held = read_held(copying.target, table, after, until)
            check_same(table, rows, held)
        here.add(rows, text)
        there.add(held, as_text(held))
        if until is None:
            break
        after = until
        copying.report(table.name, here.rows, 0)
        copying.between()
    if here.state() != there.state():
        raise Uncopied(f"{table.name}: {there.state()} instead of {here.state()}")
    return there.state(), changed


def read_held(target: Engine, table: Table, after: int, until: int | None) -> list[Row]:
    """Return what the target holds between two Ids, or after the first; that is little."""
    with reading(target).connect() as connection:
        if until is not None:
            return read_rows(connection, table, after, until)
        held = list[Row]()
        while rows := read_rows(connection, table, held[-1][0] if held else after):
            held += rows
        return held


def write_changes(target: Engine, table: Table, rows: Sequence[Row], held: Sequence[Row]) -> int:
    """Write what differs between what should be there and what is; return how many rows."""
    wanted, present = (
        {row[0]: as_text([row]) for row in rows},
        {row[0]: as_text([row]) for row in held},
    )
    new = [row for row in rows if present.get(row[0]) != wanted[row[0]]]
    gone = [number for number, text in present.items() if wanted.get(number) != text]
    write_rows(target, table, new, gone)
    return len({*gone, *(row[0] for row in new)})


def check_same(table: Table, rows: Sequence[Row], held: Sequence[Row]) -> None:
    """Raise Uncopied for a row that is not there as it was written."""
    present = {row[0]: row for row in held}
    for row in rows:
        other = present.pop(row[0], None)
        if other is None:
            raise Uncopied(f"{table.name} Id {row[0]} was written, and is not there")
        for column, value, its in zip(table.c, row, other, strict=True):
            if repr(value) != repr(its):
                raise Uncopied(f"{table.name} Id {row[0]} does not keep its {column.name}")
    if present:
        raise Uncopied(f"{table.name} Id {min(present)} was deleted, and is there")


def hash_tables(engine: Engine) -> dict[str, TableState]:
    """Return what a store holds; nothing is compared."""
    states = {}
    with reading(engine).connect() as connection:
        for table in tables():
            digest, after = Digest(), 0
            while rows := read_rows(connection, table, after):
                digest.add(rows, as_text(rows))
                after = rows[-1][0]
            states[table.name] = digest.state()
    return states
