"""`/metrics`: the store's state as Prometheus text, read from the database at each scrape.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Blueprint, Response, g

from dashboard.charts import percentile
from dashboard.site import site, store
from dashboard.waiting import waiting
from store import reads_health, reads_time

blueprint = Blueprint("metrics", __name__)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
QUANTILES = (0.5, 0.9, 0.99)
DAY = timedelta(days=1)

Sample = tuple[dict[str, str], float | None]


@blueprint.get("/metrics")
def show() -> Response:
    """Return every metric."""
    return Response("\n".join([*lines(g.now), ""]), content_type=CONTENT_TYPE)


def lines(now: datetime) -> Iterator[str]:
    """Yield the lines of all metrics."""
    states = reads_health.states(store())
    verdict = reads_health.verdict(store())
    repos = reads_health.freshness(store(), g.now)
    spool = waiting(site().settings.spool_dir)
    yield from metric(
        "deliveries",
        "Deliveries that are kept, by state",
        [({"state": state}, number) for state, number in sorted(states.items())],
    )
    yield from metric(
        "last_delivery_age_seconds",
        "Seconds since a delivery was received",
        [({}, age(verdict.last, now))],
    )
    yield from metric("spool_deliveries", "Deliveries that wait in the spool", [({}, spool.number)])
    yield from metric(
        "open_runs",
        "Runs that have not ended",
        [({"repo": one.repo}, one.open) for one in repos],
    )
    yield from metric(
        "last_change_age_seconds",
        "Seconds since GitHub last changed a stored run",
        [({"repo": one.repo}, age(one.changed, now)) for one in repos],
    )
    for name, text, ask in (
        ("job_queue_seconds", "Wait for a runner", reads_time.queues_per_day),
        ("job_run_seconds", "Run time", reads_time.runtimes_per_day),
    ):
        samples: list[Sample] = []
        for system in ("Linux", "Windows", "macOS"):
            rows = ask(store(), reads_time.Span((now - DAY, now), system))
            counts = {row.seconds: row.jobs for row in rows}
            samples += [
                ({"os": system, "quantile": str(share)}, percentile(counts, share))
                for share in QUANTILES
            ]
        yield from metric(name, f"{text} of the jobs of the last 24 hours", samples)


def metric(name: str, text: str, samples: list[Sample]) -> Iterator[str]:
    """Yield a metric's lines; a value that is not known is left out."""
    yield f"# HELP runledger_{name} {text}"
    yield f"# TYPE runledger_{name} gauge"
    for labels, value in samples:
        if value is not None:
            inner = ",".join(f'{label}="{escaped(found)}"' for label, found in labels.items())
            yield f"runledger_{name}{f'{{{inner}}}' if inner else ''} {value:.12g}"


def age(moment: datetime | None, now: datetime) -> float | None:
    """Return the seconds since a time."""
    return None if moment is None else (now - moment).total_seconds()


def escaped(text: str) -> str:
    """Return a label's value as the format wants it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
