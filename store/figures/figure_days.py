"""Named SELECT for the figures of days: from roll-ups where they are made, else counted."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from schema.tables.rollups import rollparts, rollups
from store.reads.months import list_rolled_days
from store.rollups.count_figures import count_figures
from store.rollups.day_parts import ENDS_PART, TURNS_PART, name_part
from store.rollups.figures import ALL, DayFigures, JobTurns, from_text

MEDIANS = "medians"
JOBS = frozenset({MEDIANS, ENDS_PART, TURNS_PART})
"""What is of jobs: most of a day, which pages read only as far as they show it."""


def read_days(
    connection: Connection,
    borders: Sequence[datetime],
    repoid: int | None = None,
    with_jobs: frozenset[str] = JOBS,
) -> list[DayFigures]:
    """Return the figures of the days between borders, of a repository or of all.

    Of roll-ups `with_jobs` is what is read of jobs, of JOBS; the rest may be empty.
    """
    spans = list(itertools.pairwise(borders))
    rolled = {(day.begin, day.end) for day in list_rolled_days(connection, borders[0], borders[-1])}
    number, row = ALL if repoid is None else repoid, rollups.c
    query = select(row.begintime, row.figures).where(
        row.repoid == number, row.begintime >= borders[0], row.begintime < borders[-1]
    )
    stored: dict[datetime, Any] = {begin: text for begin, text in connection.execute(query).all()}
    parts = {
        kind: read_part(connection, borders, name_part(kind, number))
        for kind in (ENDS_PART, TURNS_PART)
        if kind in with_jobs
    }
    days: list[DayFigures] = []
    for begin, end in spans:
        if (begin, end) in rolled:
            day = from_text(stored.get(begin), with_medians=MEDIANS in with_jobs)
            if ends := parts.get(ENDS_PART, {}).get(begin):
                day = replace(day, ends=ends)
            if turns := parts.get(TURNS_PART, {}).get(begin):
                day = replace(day, turns=JobTurns(**turns))
        else:
            day = count_figures(connection, begin, end).get(number, DayFigures())
        days.append(day)
    return days


def read_part(
    connection: Connection, borders: Sequence[datetime], part: str
) -> dict[datetime, Any]:
    """Return what roll-ups say of a part, by the begin of the day."""
    row = rollparts.c
    query = select(row.begintime, row.detail).where(
        row.part == part, row.begintime >= borders[0], row.begintime < borders[-1]
    )
    return {begin: orjson.loads(text) for begin, text in connection.execute(query)}
