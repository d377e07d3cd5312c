"""`/time`: how many runs, how long jobs wait for a runner and run, and where the minutes go."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Redirect

from dashboard.pages.time_filter import NARROW, SYSTEMS, TimeFilter, read_filter, whole_names
from dashboard.view import charts, formats
from dashboard.view.charts import Chart
from dashboard.web import filters, links, names
from dashboard.web.filters import DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import job_shares
from store.figures.job_shares import ORDERS, Lengths
from store.figures.split_spans import split_span
from store.reads import freshness
from store.reads import runs as reads
from store.reads.connection import StatementTimeout, limit_time
from store.reads.freshness import SeededRuns
from store.reads.runs import Repo
from store.rollups.durations import SORTS, DayRuns, JobFilter, JobShare
from store.write import changed_runs

TITLE = "Time"
blueprint = Blueprint("time", __name__)
LIVE_SECONDS = 8.0
TOO_MANY = (
    "These days have more jobs than can be counted by workflow, branch, group or job while"
    " you wait: choose fewer days, or one repository."
)
SHARES = 12
VARIANTS = 50
CSV_MOST = 10_000
NAMES = {
    "passed": "passed",
    "warned": "cancelled or other",
    "failed": "failed",
    "running": "not ended",
    "nothing": "skipped",
}
LINES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@contextmanager
def counting(span: JobFilter) -> Iterator[None]:
    """Give what may have no roll-up LIVE_SECONDS. Raises BadFilter when that is not enough."""
    try:
        is_counted = span.is_narrow or span.event is not None or span.repoids is not None
        with limit_time(store(), LIVE_SECONDS) if is_counted else nullcontext():
            yield
    except StatementTimeout:
        raise filters.BadFilter(TOO_MANY) from None


def link_days(drawn: Chart, wanted: TimeFilter) -> Chart:
    """Return a chart whose days lead to their runs, where the list of these can be asked for."""
    if site().is_static or any(request.args.get(name) for name in ("os", "job", "group")):
        return drawn
    dates, span = wanted.dates, wanted.span
    kept = {name: request.args[name] for name in ("repo", "repoid") if name in request.args}
    exact = {"workflow": span.workflow, "branch": span.branch, "event": span.event}
    kept |= {name: filters.whole_name(value) for name, value in exact.items() if value}
    columns = (
        column._replace(url=formats.query("/runs", since=day, until=day, **kept))
        for column, day in zip(drawn.columns, dates.days, strict=True)
    )
    return drawn._replace(columns=tuple(columns))


def page_of(known_repos: Mapping[int, Repo], by: str, share: JobShare) -> str:
    """Return where a line of a table leads, empty for nowhere.

    A repository without a name is none of those known.
    """
    if site().is_static or not share.name:
        return ""
    if by == "workflow":
        repo = known_repos.get(share.key[0]) or reads.find_repo_by_id(store(), share.key[0])
        known = share.key[1]
        gitid = known if isinstance(known, int) else None
        return links.workflow_page(repo.Id, repo.name, gitid, share.own) if repo else ""
    if by == "repository":
        repo = known_repos.get(share.key)
        return formats.query("/time", **names.repo_filter(repo.Id, repo.name)) if repo else ""
    return formats.query("/time", **{**request.args.to_dict(), by: share.name})


def by_tone(dates: DateRange, rows: Iterable[DayRuns]) -> dict[str, list[int]]:
    """Return runs per day for each tone that occurs."""
    counts = {name: [0] * len(dates.days) for name in NAMES}
    for row in rows:
        counts[formats.tone(row.conclusion, None)][row.day] += row.runs
    return {name: values for name, values in counts.items() if any(values)}


def percentiles(dates: DateRange, days: Mapping[int, Lengths]) -> dict[str, list[float | None]]:
    """Return the percentiles of each day."""
    shares = list(LINES.values())
    values = [charts.percentiles(days.get(place, {}), shares) for place in range(len(dates.days))]
    return {name: [one[number] for one in values] for number, name in enumerate(LINES)}


def rounded(seconds: float | None) -> float | None:
    """Return a figure with as many decimals as it is worth: they are read off ranges."""
    return None if seconds is None else round(seconds, 2)


def over_all(days: Mapping[int, Lengths]) -> dict[str, float | None]:
    """Return the percentiles of all days together."""
    counts: Lengths = {}
    for day in days.values():
        for seconds, jobs in day.items():
            counts[seconds] = counts.get(seconds, 0) + jobs
    return dict(zip(LINES, charts.percentiles(counts, LINES.values()), strict=True))


@blueprint.get("/time")
def show() -> str | Redirect:
    """Return the charts and tables."""
    wanted = read_filter()
    with counting(wanted.span):
        cut = job_shares.count_at_once(store(), split_span(store(), wanted.span))
        runs = by_tone(wanted.dates, job_shares.count_runs(store(), cut))
        queues = job_shares.count_spans(store(), cut, "waits")
        runtimes = job_shares.count_spans(store(), cut, "times")
        tables = {
            by: job_shares.list_shares(store(), cut, by, SHARES, wanted.order) for by in SORTS
        }
        whole = job_shares.sum_jobs(store(), cut)
        if not (runs or whole.jobs) and (page := whole_names(wanted)):
            return redirect(page)
    days = wanted.dates.days
    points = charts.day_points(days)
    waits, lengths = percentiles(wanted.dates, queues), percentiles(wanted.dates, runtimes)
    repos = reads.list_repos(store())
    meant = wanted.span.repoid
    repoids = [repo.Id for repo in repos] if meant is None else [meant]
    seeded = freshness.list_seeded_runs(store(), repoids).values()
    return render_page(
        "time.html",
        TITLE,
        chosen=wanted,
        repos=repos,
        namesakes=names.list_namesakes(wanted.span.repoid),
        variants=[
            ("all", "/time"),
            *((one, formats.query("/time", os=one)) for one in SYSTEMS),
            *names.list_variants("/time", repos[:VARIANTS]),
        ],
        systems=SYSTEMS,
        days=days,
        runs=runs,
        names=NAMES,
        waits=waits,
        lengths=lengths,
        runs_chart=link_days(charts.draw_bars(points, runs, NAMES, "no runs"), wanted),
        waits_chart=link_days(charts.draw_lines(points, waits), wanted),
        lengths_chart=link_days(charts.draw_lines(points, lengths), wanted),
        waited=over_all(queues),
        ran=over_all(runtimes),
        run_count=sum(sum(values) for values in runs.values()),
        whole=whole,
        page_of=partial(page_of, {repo.Id: repo for repo in repos}),
        groups=[group.name for group in site().plan.groups],
        pending=changed_runs.pending_runs(store()),
        seeded=SeededRuns(
            sum(one.runs for one in seeded),
            max((one.newest for one in seeded if one.newest), default=None),
        ),
        tables=tables,
        orders=ORDERS,
        suggestions={
            name: [*dict.fromkeys(row.own or row.name for row in tables[name].rows if row.name)]
            for name in NARROW
            if name in tables
        },
        kept={name: value for name, value in request.args.items()},
        has_runs=reads.has_runs(store()),
    )


@blueprint.get("/time.csv")
def download() -> Response | Redirect:
    """Return one of the tables as CSV, all of it."""
    wanted = read_filter()
    by = filters.choice("by", SORTS, "os")
    with counting(wanted.span):
        cut = split_span(store(), wanted.span)
        shares = job_shares.list_shares(store(), cut, by, CSV_MOST, wanted.order)
        rows = shares.rows
        if not rows and (page := whole_names(wanted)):
            return redirect(page)
    lines = [
        (row.name, row.jobs, round(row.seconds / 60, 2), round(row.seconds / 60 / row.jobs, 2))
        for row in rows
    ]
    titles = (by, "jobs", "minutes", "mean minutes")
    return csv_response(f"time-{by}", titles, lines, is_cut=shares.whole > len(rows))


@blueprint.get("/days.csv")
def download_days() -> Response | Redirect:
    """Return the charts' figures as CSV, a line for each day."""
    wanted = read_filter()
    with counting(wanted.span):
        cut = split_span(store(), wanted.span)
        runs = by_tone(wanted.dates, job_shares.count_runs(store(), cut))
        waits = percentiles(wanted.dates, job_shares.count_spans(store(), cut, "waits"))
        lengths = percentiles(wanted.dates, job_shares.count_spans(store(), cut, "times"))
        if not runs and (page := whole_names(wanted)):
            return redirect(page)
    titles = ["day", *runs, *(f"wait {one}" for one in LINES), *(f"run {one}" for one in LINES)]
    series: list[list[int] | list[float | None]] = [
        *runs.values(),
        *waits.values(),
        *lengths.values(),
    ]
    lines = [
        (day.isoformat(), *(rounded(values[place]) for values in series))
        for place, day in enumerate(wanted.dates.days)
    ]
    return csv_response("days", titles, lines)
