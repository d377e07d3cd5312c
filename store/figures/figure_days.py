"""Named SELECT for the figures of days: from roll-ups where they are made, else counted."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from schema.tables.rollups import rollups
from store.reads.months import list_rolled_days
from store.rollups.figures import ALL, Rows, count_figures

EMPTY: Rows = {"runs": [], "jobs": [], "pools": [], "main": []}


def read_days(
    connection: Connection, borders: Sequence[datetime], repoid: int | None = None
) -> list[Rows]:
    """Return the figures of the days between borders, of a repository or of all."""
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
            text = stored.get(begin)
            days.append({**EMPTY, **(orjson.loads(text) if text else {})})
        else:
            days.append({**EMPTY, **count_figures(connection, begin, end).get(number, {})})
    return days
