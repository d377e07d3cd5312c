"""Named SELECT for the figures of days: from roll-ups where they are made, else counted."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from schema.tables.rollups import rollparts, rollups
from store.reads.months import list_rolled_days
from store.rollups.day_parts import ENDS_PART, list_job_ends, name_part
from store.rollups.figures import ALL, EMPTY, Rows, count_figures, from_text


def read_days(
    connection: Connection,
    borders: Sequence[datetime],
    repoid: int | None = None,
    *,
    with_jobs: bool = True,
    with_ends: bool = False,
) -> list[Rows]:
    """Return the figures of the days between borders, of a repository or of all.

    Without `with_jobs` roll-ups leave out what is of jobs: the longest part. `with_ends` adds how
    jobs ended, as `ends` (store.rollups.day_parts).
    """
    spans = list(itertools.pairwise(borders))
    rolled = {(day.begin, day.end) for day in list_rolled_days(connection, borders[0], borders[-1])}
    number, row = ALL if repoid is None else repoid, rollups.c
    query = select(row.begintime, row.figures).where(
        row.repoid == number, row.begintime >= borders[0], row.begintime < borders[-1]
    )
    stored: dict[datetime, Any] = {begin: text for begin, text in connection.execute(query).all()}
    ends = read_ends(connection, borders, number) if with_ends else {}
    days: list[Rows] = []
    for begin, end in spans:
        if (begin, end) in rolled:
            day = from_text(stored.get(begin), with_jobs=with_jobs)
            days.append({**day, "ends": ends.get(begin, [])})
        else:
            day = {**EMPTY, **count_figures(connection, begin, end).get(number, {})}
            days.append({**day, "ends": list_job_ends(day) if with_ends else []})
    return days


def read_ends(
    connection: Connection, borders: Sequence[datetime], number: int
) -> dict[datetime, Any]:
    """Return what roll-ups say of how jobs ended, by the begin of the day."""
    row = rollparts.c
    query = select(row.begintime, row.detail).where(
        row.part == name_part(ENDS_PART, number),
        row.begintime >= borders[0],
        row.begintime < borders[-1],
    )
    return {begin: orjson.loads(text) for begin, text in connection.execute(query)}
