"""Which errors have words in a message, among the failures of some days."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from engines import kind_of
from schema.tables.failures import failures
from store.errors.error_filter import ErrorFilter, select_said

BITS = 10
"""A block of the table is 1,024 rows by their Id."""
MOST = 200
"""Stretches that a statement names."""


def list_said(connection: Connection, wanted: ErrorFilter, text: str) -> set[str]:
    """Return the errors of a span that have a text in any of their messages."""
    # Of their index's order MySQL would make much, row by row, and the message of each; around a
    # SELECT of its own it took all days.
    own = failures.c.fingerprint.concat("").label("own")
    said = select_said(wanted, text).with_only_columns(own).distinct()
    if kind_of(connection).reads_by_key:
        stretches = join_blocks(list_blocks(connection, wanted))
        if len(stretches) <= MOST:
            said = said.where(or_(false(), *map(is_in, stretches)))
    return set(connection.scalars(said))


def list_blocks(connection: Connection, wanted: ErrorFilter) -> list[int]:
    """Return which blocks of rows hold failures of a span, in their order.

    Their times are read from an index, their messages from the table: in its own order alone that
    is quick, and most of a table is of other days.
    """
    f = failures.c
    block = f.Id.bitwise_rshift(BITS).label("block")
    query = select(block).where(f.time >= wanted.since, f.time < wanted.until)
    return sorted(connection.scalars(query.group_by(block)))


def join_blocks(blocks: Iterable[int]) -> list[tuple[int, int]]:
    """Return stretches of blocks that follow each other: the first, and the one after the last."""
    stretches = list[tuple[int, int]]()
    for block in blocks:
        if stretches and stretches[-1][1] == block:
            stretches[-1] = (stretches[-1][0], block + 1)
        else:
            stretches.append((block, block + 1))
    return stretches


def is_in(stretch: tuple[int, int]) -> ColumnElement[bool]:
    """Return the condition that a failure is in a stretch of blocks."""
    first, end = (block << BITS for block in stretch)
    return and_(failures.c.Id >= first, failures.c.Id < end)
