"""`/health`: whether the data are complete and fresh, and what stands in the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, g

from dashboard import charts
from dashboard.site import page, sheet, site, store
from dashboard.waiting import Waiting, waiting
from store import reads_health
from store.reads_connect import schema_state
from store.reads_health import Hour

blueprint = Blueprint("health", __name__)
HOURS = 48
HELD = 50
TONES = {"applied": "passed", "ignored": "nothing", "quarantined": "failed"}
NAMES = {tone: state for state, tone in TONES.items()} | {"warned": "other"}


def by_hour(now: datetime, rows: list[Hour]) -> tuple[list[datetime], dict[str, list[int]]]:
    """Return the last hours in UTC, oldest first, and the deliveries of each by state."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=number) for number in range(HOURS - 1, -1, -1)]
    places = {f"{hour:%Y-%m-%d %H}": place for place, hour in enumerate(hours)}
    found = {state: [0] * HOURS for state in TONES}
    for row in rows:
        if row.hour in places:
            found.setdefault(row.state, [0] * HOURS)[places[row.hour]] += row.deliveries
    return hours, found


@blueprint.get("/health")
def show() -> str:
    """Return what is known about the data themselves."""
    hours, found = by_hour(g.now, reads_health.per_hour(store(), g.now - timedelta(hours=HOURS)))
    spool: Waiting = waiting(site().settings.spool_dir)
    labels = [site().calendar.local(hour) for hour in hours]
    tones = {TONES.get(name, "warned"): values for name, values in found.items()}
    return page(
        "health.html",
        "Health",
        chart=charts.stacked(charts.of_hours(labels), tones, NAMES, "none"),
        deliveries=sum(sum(values) for values in found.values()),
        states=reads_health.states(store()),
        held=reads_health.quarantine(store(), HELD),
        repos=reads_health.freshness(store(), g.now),
        spool=spool,
        schema=schema_state(site().engine),
        engine=store().dialect.name,
    )


@blueprint.get("/health.csv")
def download() -> Response:
    """Return the repositories' freshness as CSV."""
    rows = reads_health.freshness(store(), g.now)
    return sheet("health", reads_health.Freshness._fields, rows)
