"""Named SELECT for the figures of days: from roll-ups where they are made, else counted."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from schema.tables.rollups import rollups
from store.reads.months import list_rolled_days
from store.rollups.figures import ALL, EMPTY, Rows, count_figures, from_text


def read_days(
    connection: Connection,
    borders: Sequence[datetime],
    repoid: int | None = None,
    *,
    with_jobs: bool = True,
) -> list[Rows]:
    """Return the figures of the days between borders, of a repository or of all.

    Without `with_jobs` roll-ups leave out what is of jobs: the longest part.
    """
    spans = list(itertools.pairwise(borders))
    rolled = {(day.begin, day.end) for day in list_rolled_days(connection, borders[0], borders[-1])}
    number, row = ALL if repoid is None else repoid, rollups.c
    query = select(row.begintime, row.figures).where(
        row.repoid == number, row.begintime >= borders[0], row.begintime < borders[-1]
    )
    stored: dict[datetime, Any] = {begin: text for begin, text in connection.execute(query).all()}
    days: list[Rows] = []
    for begin, end in spans:
        if (begin, end) in rolled:
            days.append(from_text(stored.get(begin), with_jobs=with_jobs))
        else:
            days.append({**EMPTY, **count_figures(connection, begin, end).get(number, {})})
    return days
