"""Named SELECTs for the metrics: how long all stored jobs waited and ran, and the lag of rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from schema.rollups import rollspans, rollups
from schema.tables import deliveries
from store import histogram, reads_time
from store.deliveries import APPLIED
from store.reads_freshness import rolled_until
from store.reads_time import Span
from store.roll_days import ALL, Detail, from_text
from store.roll_spans import DAY, REVISION

LATELY = 100
PART = 200
SYSTEMS = ("Linux", "Windows", "macOS")
FOREVER = datetime(9000, 1, 1)

Cached = dict[datetime, tuple[int, Detail]]
READ: WeakKeyDictionary[Engine, Cached] = WeakKeyDictionary()
"""Days as they were read, by the revision of their roll-up: old ones hardly ever change."""


class Total(NamedTuple):
    """Spans of time as a histogram, and about how many seconds they are together."""

    spans: Counter[int]
    seconds: float


def spans(connection: Connection, subject: str) -> dict[str, Total]:
    """Return `waits` or `times` of jobs by runner system: of days with a roll-up, and since then.

    It is a count of events that only grows, as long as roll-ups are made.
    """
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for detail in days(connection):
        for system, one in detail.spans.get(subject, ()):
            found[system or "unknown"].update(one)
    since = rolled_until(connection)
    if since is not None:
        count = {"waits": reads_time.queues_per_day, "times": reads_time.runtimes_per_day}[subject]
        for system in SYSTEMS:
            for row in count(connection, Span((since, FOREVER), system)):
                found[system][histogram.bucket(row.seconds)] += row.jobs
    return {
        system: Total(one, sum(histogram.middle(number) * n for number, n in one.items()))
        for system, one in found.items()
    }


def days(connection: Connection) -> list[Detail]:
    """Return the details of all days with a roll-up."""
    one, cached = rollspans.c, READ.setdefault(connection.engine, {})
    query = select(one.begintime, one.revision).where(one.kind == DAY, one.rules == REVISION)
    revisions = {begin: revision for begin, revision in connection.execute(query)}
    for begin in cached.keys() - revisions.keys():
        cached.pop(begin, None)
    stale = [
        begin
        for begin, revision in revisions.items()
        if begin not in cached or cached[begin][0] != revision
    ]
    for at in range(0, len(stale), PART):
        begins = stale[at : at + PART]
        found = {begin: Detail({}, {}) for begin in begins}
        row = rollups.c
        query = select(row.begintime, row.detail).where(row.repoid == ALL)
        for begin, text in connection.execute(query.where(row.begintime.in_(begins))):
            found[begin] = Detail({}, from_text(text).spans)
        cached.update({begin: (revisions[begin], detail) for begin, detail in found.items()})
    return [detail for _, detail in list(cached.values())]


def lag(connection: Connection) -> float | None:
    """Return the longest of the last applied deliveries from receipt to its rows, in seconds."""
    one = deliveries.c
    query = select(one.receivetime, one.applytime).where(one.state == APPLIED)
    rows = connection.execute(query.order_by(one.receivetime.desc()).limit(LATELY))
    found = [(applied - received).total_seconds() for received, applied in rows if applied]
    return max(found, default=None)
