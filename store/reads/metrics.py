"""Named SELECTs for the metrics: how long all stored jobs waited and ran, and the lag of rows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from schema.tables.deliveries import deliveries
from schema.tables.rollups import rollups
from store.deliveries.table import APPLIED
from store.reads.months import add_up_months, find_rolled_until, list_counted_days
from store.rollups import histogram
from store.rollups.days import ALL, from_text
from store.rollups.durations import SPANS, JobFilter, count_spans

LATELY = 100
SYSTEMS = ("Linux", "Windows", "macOS")
FOREVER = datetime(9000, 1, 1)

Spans = dict[str, dict[str, Counter[int]]]
"""Histograms by subject and runner system."""


class SpanTotal(NamedTuple):
    """Spans of time as a histogram, and about how many seconds they are together."""

    spans: Counter[int]
    seconds: float


def read_span_totals(connection: Connection) -> dict[str, dict[str, SpanTotal]]:
    """Return `waits` and `times` of jobs by runner system: of days with a roll-up, and since then.

    It is a count of events that only grows, as long as roll-ups are made.
    """
    totals: Spans = {subject: defaultdict(Counter) for subject in SPANS}
    days = list_counted_days(connection)
    for month in add_up_months(connection, days, sum_days):
        add_histograms(totals, month)
    since = find_rolled_until(connection, days)
    if since is not None:
        for subject in SPANS:
            for system in SYSTEMS:
                for row in count_spans(connection, JobFilter((since, FOREVER), system), subject):
                    totals[subject][system][histogram.bucket(row.seconds)] += row.jobs
    return {
        subject: {
            system: SpanTotal(
                month, sum(histogram.middle(number) * n for number, n in month.items())
            )
            for system, month in by.items()
        }
        for subject, by in totals.items()
    }


def add_histograms(totals: Spans, more: Spans) -> None:
    """Add histograms to others."""
    for subject, by in more.items():
        for system, counts in by.items():
            totals[subject][system].update(counts)  # which adds


def sum_days(connection: Connection, begins: Sequence[datetime]) -> Spans:
    """Return what some days add up to."""
    totals: Spans = {subject: defaultdict(Counter) for subject in SPANS}
    row = rollups.c
    query = select(row.detail).where(row.repoid == ALL, row.begintime.in_(begins))
    for text in connection.scalars(query).all():
        detail = from_text(text)
        for subject in SPANS:
            for system, buckets in detail.spans.get(subject, ()):
                add_histograms(
                    totals, {subject: {system or "unknown": histogram.from_text(buckets)}}
                )
    return totals


def read_apply_lag(connection: Connection) -> float | None:
    """Return the longest of the last applied deliveries from receipt to its rows, in seconds."""
    delivery = deliveries.c
    query = select(delivery.receivetime, delivery.applytime).where(delivery.state == APPLIED)
    rows = connection.execute(query.order_by(delivery.receivetime.desc()).limit(LATELY))
    lags = [(applied - received).total_seconds() for received, applied in rows if applied]
    return max(lags, default=None)
