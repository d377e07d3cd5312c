"""Named SELECT for the figures of days: from roll-ups where they are made, else counted."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, select

from engines.chunks import chunks
from schema.tables.rollups import rollparts, rollups
from store.reads.months import RolledDay, list_rolled_days
from store.rollups.count_figures import count_figures
from store.rollups.day_parts import ENDS_PART, TURNS_PART, name_part
from store.rollups.figures import ALL, DayFigures, JobEnds, JobTurns, from_text
from store.rollups.kept_spans import Said, read_kept

MEDIANS = "medians"
JOBS = frozenset({MEDIANS, ENDS_PART, TURNS_PART})
"""What is of jobs: most of a day, which pages read only as far as they show it."""

NO_TURNS = JobTurns()


def read_days(
    connection: Connection,
    borders: Sequence[datetime],
    repoid: int | None = None,
    with_jobs: frozenset[str] = JOBS,
) -> list[DayFigures]:
    """Return the figures of the days between borders, of a repository or of all.

    Of roll-ups `with_jobs` is what is read of jobs, of JOBS; the rest may be empty.
    """
    number = ALL if repoid is None else repoid
    rolled = {
        (day.begin, day.end): day for day in list_rolled_days(connection, borders[0], borders[-1])
    }
    spans = list(itertools.pairwise(borders))
    made = [rolled[span] for span in spans if span in rolled]
    stored = read_figures(connection, made, number, MEDIANS in with_jobs)
    ends, turns = (
        read_part(connection, made, kind, number, decode) if kind in with_jobs else {}
        for kind, decode in ((ENDS_PART, decode_ends), (TURNS_PART, decode_turns))
    )
    return [
        replace(stored[begin], ends=ends.get(begin, []), turns=turns.get(begin, NO_TURNS))
        if (begin, end) in rolled
        else count_figures(connection, begin, end).get(number, DayFigures())
        for begin, end in spans
    ]


def read_figures(
    connection: Connection, days: Sequence[RolledDay], number: int, with_medians: bool
) -> dict[datetime, DayFigures]:
    """Return what roll-ups say of a repository, or ALL, by the begin of the day."""
    row = rollups.c
    query = select(row.begintime, row.figures).where(row.repoid == number)
    decode = partial(from_text, with_medians=with_medians)
    read = partial(read_texts, connection, query, row.begintime, decode)
    return read_kept(connection, days, ("figures", number, with_medians), read)


def read_part(
    connection: Connection,
    days: Sequence[RolledDay],
    kind: str,
    number: int,
    decode: Callable[[str | None], Any],
) -> dict[datetime, Any]:
    """Return what roll-ups say of the jobs of a repository, or ALL, by the begin of the day."""
    row = rollparts.c
    query = select(row.begintime, row.detail).where(row.part == name_part(kind, number))
    read = partial(read_texts, connection, query, row.begintime, decode)
    return read_kept(connection, days, (kind, number), read)


def read_texts(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[datetime],
    decode: Callable[[str | None], Any],
    begins: Sequence[datetime],
) -> dict[datetime, Said]:
    """Return what the texts of days say; a day without one says what `decode` makes of None."""
    texts = list_texts(connection, query, column, begins)
    return {begin: Said(decode(text), len(text or "")) for begin, text in texts}


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
