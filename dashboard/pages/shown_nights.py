"""The nights that the page Nights, a night's own page and the digest are made of."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from flask import g

from config.calendar import days, shown_nights
from dashboard.view.night_matrix import MatrixRow, build_rows
from dashboard.web import names
from dashboard.web.request import site, store
from store.history import missed_nights
from store.history.expected_nights import PAST
from store.reads import nights as reads_nights


class ShownNights(NamedTuple):
    """The nights of the page, newest first, last night, and the rows of all repositories."""

    nights: list[date]
    last: date
    rows: list[MatrixRow]


def read_shown_nights(count: int) -> ShownNights:
    """Read the nights of all repositories."""
    calendar, now = site().calendar, g.now
    nights = shown_nights(calendar, now, count)
    return ShownNights(nights, calendar.local(now).date(), read_rows(nights))


def read_rows(nights: Sequence[date], repoid: int | None = None) -> list[MatrixRow]:
    """Read what nights that follow each other brought, and what was expected in them.

    However many they are, each says the same: as much of the past is read for each.
    """
    plan = site().plan
    read = days(min(nights) - timedelta(days=PAST), max(nights))
    results, cells, made = reads_nights.read_made_nights(store(), plan, read, repoid)
    made = made if repoid is None else {}
    missed = missed_nights.list_missed(store(), plan, results, nights, g.now, made)
    homes = reads_nights.group_repos(store(), plan)
    return names.label_rows(build_rows(nights, cells, homes, missed))
