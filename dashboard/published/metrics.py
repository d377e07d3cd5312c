"""`/metrics`: the store's state as Prometheus text, read from the database at each scrape.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, g

from dashboard.published import branch_metrics
from dashboard.published.branch_metrics import Sample
from dashboard.web.names import repo_label
from dashboard.web.request import site, store
from rows.one_line import one_line
from store.feeds import load_history
from store.reads import audits, freshness, metrics
from store.reads import health as reads_health
from store.rollups import histogram
from store.state import health
from store.state.gone_repositories import list_gone
from store.write import changed_runs

TITLE = ""
blueprint = Blueprint("metrics", __name__)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BORDERS = (0, 10, 25, 26, 34, 41, 46, 55, 64, 73, 87)
"""Buckets of store.rollups.histogram where one of Prometheus ends: 10 s to about 49 min."""

MOST = 1000
"""Repositories that have samples of their own: a label of each costs whoever scrapes."""

STATES = {health.GOOD: 0, health.WARNING: 1, health.BAD: 2}


@blueprint.get("/metrics")
def show() -> Response:
    """Return every metric."""
    return Response("\n".join([*lines(g.now), ""]), content_type=CONTENT_TYPE)


def lines(now: datetime) -> Iterator[str]:
    """Yield the lines of all metrics."""
    for name, text, samples in (*of_reception(now), *of_repositories(now), *of_feeds()):
        yield from metric(name, text, samples)
    totals = metrics.read_span_totals(store())
    for subject, name, text in (
        ("waits", "job_queue_seconds", "How long jobs waited for a runner"),
        ("times", "job_run_seconds", "How long jobs ran"),
    ):
        yield from histograms(name, text, totals[subject])


def of_reception(now: datetime) -> Iterator[tuple[str, str, list[Sample]]]:
    """Yield what is known of deliveries, the spool and the roll-ups."""
    states = sorted(reads_health.count_states(store()).items())
    last = reads_health.read_reception(store()).last
    spool = reads_health.read_spool_status(site().settings.spool_dir)
    pending = changed_runs.pending_runs(store())
    cycle = audits.read_last_cycle(store())
    yield (
        "deliveries",
        "Deliveries that are kept, by state",
        [({"state": state}, number) for state, number in states],
    )
    yield (
        "last_delivery_age_seconds",
        "Seconds since a delivery was received",
        [({}, age(last, now))],
    )
    lag = metrics.read_apply_lag(store())
    yield "apply_lag_seconds", "Seconds from receipt to its rows, lately", [({}, lag)]
    yield "spool_deliveries", "Deliveries that wait in the spool", [({}, spool.number)]
    yield "spool_age_seconds", "Seconds the oldest of them waits", [({}, age(spool.oldest, now))]
    yield "spool_damaged", "Entries and files of the spool put aside", [({}, spool.damaged)]
    yield "rollup_runs_pending", "Runs whose statistics are pending", [({}, pending.runs)]
    yield (
        "reconcile_age_seconds",
        "Seconds since the reconciler ended a cycle",
        [({}, age(cycle.time if cycle else None, now))],
    )


def of_repositories(now: datetime) -> Iterator[tuple[str, str, list[Sample]]]:
    """Yield what is known of each repository."""
    stored, audited = freshness.read_freshness(store(), now), audits.list_latest_audits(store())
    every = stored.repos
    busiest = sorted(every, key=lambda repo: repo.newest or datetime.min, reverse=True)[:MOST]
    chosen = {one.repoid for one in busiest}
    repos = [one for one in every if one.repoid in chosen]
    audited = [one for one in audited if one.repoid in chosen]
    yield (
        "repositories_left_out",
        f"Repositories without samples: those without a run for longest, past {MOST}",
        [({}, len(every) - len(repos))],
    )
    # Not "days": promtool takes the word for a unit that is not seconds.
    text = "Days without statistics yet, with too many runs to count: those have no open_runs here"
    yield "uncounted_spans", text, [({}, stored.uncounted)]
    # A label for two repositories would be one sample told twice, which fails the scrape.
    named = {one.repoid: one.repo for one in repos} | {one.repoid: one.repo for one in audited}
    labels = {repoid: {"repo": repo_label(repoid, name)} for repoid, name in named.items()}
    yield "open_runs", "Runs that have not ended", [(labels[one.repoid], one.open) for one in repos]
    heard = reads_health.list_last_deliveries(store())
    subjects = reads_health.list_subjects(store(), [one.repoid for one in repos])
    yield (
        "repository_delivery_age_seconds",
        "Seconds since a delivery about a repository came, where it is among the latest 5,000",
        [
            (labels[repo.repoid], age(heard.get(subjects[repo.repoid].casefold()), now))
            for repo in repos
        ],
    )
    yield (
        "last_change_age_seconds",
        "Seconds since GitHub last changed a stored run",
        [(labels[one.repoid], age(one.changed, now)) for one in repos],
    )
    yield from branch_metrics.of_branches(now, labels)
    yield from branch_metrics.of_last_day(now, labels)
    yield from branch_metrics.of_alerts(now)
    yield (
        "repository_gone_age_seconds",
        "Seconds since a repository is gone at its server",
        [({"repo": one.name}, age(one.gonetime, now)) for one in list_gone(store())[:MOST]],
    )
    yield (
        "audit_age_seconds",
        "Seconds since a repository was audited",
        [(labels[one.repoid], age(one.audittime, now)) for one in audited],
    )
    yield (
        "never_audited_repositories",
        "Repositories with runs of which nobody knows what is missing",
        [({}, audits.count_never_audited(store()))],
    )
    yield (
        "audit_missing",
        "What GitHub lists and the store lacks, at the last audit",
        [(labels[one.repoid], one.missing) for one in audited],
    )
    yield (
        "watch_state",
        "What is watched: 0 good, 1 warning, 2 bad",
        [
            ({"subject": state.subject, "name": state.name}, STATES.get(state.state, 2))
            for state in health.rows(store())
        ],
    )


def of_feeds() -> Iterator[tuple[str, str, list[Sample]]]:
    """Yield what is known of feeds."""
    feeds = load_history.list_feeds(store())
    done = [({"feed": one.done.feed}, one.done) for one in feeds if one.done]
    ended = [(label, load.endtime.replace(tzinfo=UTC)) for label, load in done if load.endtime]
    yield (
        "feed_last_success_timestamp_seconds",
        "When the last load of a feed that was done ended",
        [(label, time.timestamp()) for label, time in ended],
    )
    lines: list[Sample] = [(label, load.linecount) for label, load in done]
    yield "feed_rows", "Lines of the last load of a feed that was done", lines
    seconds = [(label, load.seconds) for label, load in done]
    yield "feed_seconds", "Seconds that the last load of a feed that was done took", seconds
    failures: list[Sample] = [({"feed": one.last.feed}, one.failures) for one in feeds]
    yield "feed_failures_total", "Loads of a feed that failed", failures


def metric(name: str, text: str, samples: list[Sample]) -> Iterator[str]:
    """Yield a metric's lines; a value that is not known is left out."""
    yield f"# HELP runledger_{name} {text}"
    yield f"# TYPE runledger_{name} {'counter' if name.endswith('_total') else 'gauge'}"
    for labels, value in samples:
        if value is not None:
            yield line(name, labels, value)


def histograms(name: str, text: str, by_os: dict[str, metrics.SpanTotal]) -> Iterator[str]:
    """Yield a histogram for each runner system, of all jobs that are stored."""
    yield f"# HELP runledger_{name} {text}, over all that is stored"
    yield f"# TYPE runledger_{name} histogram"
    for system, total in sorted(by_os.items()):
        for border, count in cumulated(total.spans):
            yield line(f"{name}_bucket", {"os": system, "le": border}, count)
        yield line(f"{name}_sum", {"os": system}, total.seconds)
        yield line(f"{name}_count", {"os": system}, total.spans.total())


def cumulated(spans: Counter[int]) -> Iterator[tuple[str, int]]:
    """Yield how many spans end before each border, which is in seconds."""
    for border in BORDERS[1:]:
        below = sum(count for number, count in spans.items() if number < border)
        yield f"{histogram.begin(border):.6g}", below
    yield "+Inf", spans.total()


def line(name: str, labels: dict[str, str], value: float) -> str:
    """Return a sample."""
    inner = ",".join(f'{label}="{escaped(text)}"' for label, text in labels.items())
    return f"runledger_{name}{f'{{{inner}}}' if inner else ''} {value:.12g}"


def age(moment: datetime | None, now: datetime) -> float | None:
    """Return the seconds since a time."""
    return None if moment is None else (now - moment).total_seconds()


def escaped(text: str) -> str:
    """Return a label's value as the format wants it."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')
