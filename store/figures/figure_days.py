"""Named SELECTs for what roll-ups say of the figures of days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, select

from engines.chunks import chunks
from schema.tables.rollups import rollparts, rollups
from store.rollups.day_parts import name_part
from store.rollups.figures import JobEnds, JobTurns

NO_TURNS = JobTurns()


def list_texts(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[datetime],
    begins: Sequence[datetime],
) -> list[tuple[datetime, str | None]]:
    """Return the texts of days in their order, None for a day without one."""
    texts: dict[datetime, str | None] = dict.fromkeys(begins)
    for some in chunks(begins):
        for begin, text in connection.execute(query.where(column.in_(some))):
            texts[begin] = text
    return list(texts.items())


def list_figure_texts(
    connection: Connection, begins: Sequence[datetime], number: int
) -> list[tuple[datetime, str | None]]:
    """Return the stored figures of days, of a repository or of ALL."""
    row = rollups.c
    query = select(row.begintime, row.figures).where(row.repoid == number)
    return list_texts(connection, query, row.begintime, begins)


def list_part_texts(
    connection: Connection, begins: Sequence[datetime], kind: str, number: int
) -> list[tuple[datetime, str | None]]:
    """Return what is stored of a part of days, of a repository or of ALL."""
    row = rollparts.c
    query = select(row.begintime, row.detail).where(row.part == name_part(kind, number))
    return list_texts(connection, query, row.begintime, begins)


def decode_ends(text: str | None) -> JobEnds:
    """Return how jobs ended."""
    ends: JobEnds = orjson.loads(text or "[]")
    return ends


def decode_turns(text: str | None) -> JobTurns:
    """Return when jobs turned."""
    return JobTurns(**orjson.loads(text)) if text else NO_TURNS
