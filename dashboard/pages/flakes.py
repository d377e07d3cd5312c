"""`/flakes`: jobs that failed and passed on the same commit, so that neither says much."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.view import charts
from dashboard.web import filters, names
from dashboard.web.filters import BadFilter, DateRange
from dashboard.web.names import Labels
from dashboard.web.request import csv_response, render_page, site, store
from store.figures.flaky_jobs import list_flakes
from store.reads import failures, runs
from store.reads.connection import StatementTimeout, limit_time
from store.reads.failures import FailureReason
from store.rollups.find_flakes import Flake, ShownFlake
from store.write import changed_runs

TITLE = "Flakes"
blueprint = Blueprint("flakes", __name__)
DAYS = 30
PAGE = 50
CSV_MOST = 5_000
LIVE_SECONDS = 8.0
TOO_MANY = (
    "These days have more jobs than can be counted while you wait, and their statistics are "
    "pending: choose fewer, or wait until the listener has counted them."
)
SORTS: dict[str, Callable[[ShownFlake], Any]] = {
    "flaky": lambda row: row.flake.flaky,
    "rate": lambda row: row.flake.rate,
    "lost": lambda row: row.flake.seconds,
    "reruns": lambda row: row.reruns,
    "last": lambda row: row.flake.lastseen,
}
"""What the list is ordered by, the most first."""


class FoundFlakes(NamedTuple):
    """The flaky jobs that the filters leave, in their order, of how many."""

    dates: DateRange
    rows: list[ShownFlake]
    labels: Labels
    whole: int


def find_flakes() -> FoundFlakes:
    """Return what the URL asks for. Raises BadFilter."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    repoids, by = names.read_repos(), filters.choice("sort", SORTS, "flaky")
    parts = {name: filters.text(name) for name in ("workflow", "job", "q")}
    try:
        with limit_time(store(), LIVE_SECONDS):
            every = list_flakes(store(), dates.borders)
    except StatementTimeout:
        raise BadFilter(TOO_MANY) from None
    labels = names.label_flakes(one.flake for one in every)
    rows = [one for one in every if not repoids or one.flake.repoid in repoids]
    rows = [one for one in rows if has_parts(one.flake, labels, parts)]
    rows.sort(key=SORTS[by], reverse=True)
    return FoundFlakes(dates, rows, labels, len(every))


def has_parts(flake: Flake, labels: Labels, parts: dict[str, str]) -> bool:
    """Tell whether a job has what is looked for in its names; `q` may be in any of them."""
    told = {"workflow": labels[flake.repoid, flake.workflow], "job": flake.name or ""}
    every = f"{names.repo_label(flake.repoid, flake.repo)} {' '.join(told.values())}"
    fits = all(filters.fitting(parts[name], [called]) for name, called in told.items())
    return fits and parts["q"].casefold() in every.casefold()


def count_days(row: ShownFlake, dates: DateRange) -> list[int]:
    """Return how often a job failed on flaky commits, on each day."""
    counts = [0] * len(dates.days)
    for time in row.times:
        counts[bisect_right(dates.borders, time) - 1] += 1
    return counts


def suggest(listed: FoundFlakes) -> dict[str, list[str]]:
    """Return what to offer in a field: the names of the jobs that are left."""
    flakes = [one.flake for one in listed.rows]
    return {
        "workflow": sorted({listed.labels[one.repoid, one.workflow] for one in flakes}),
        "job": sorted({one.name for one in flakes if one.name}),
    }


def read_said(rows: Iterable[ShownFlake]) -> dict[Any, FailureReason]:
    """Return what the failed ends of flaky jobs say, by the job's server and id."""
    ends = {(one.failed.provider, one.failed.rungitid) for one in rows if one.failed}
    return {
        job: reasons[0]
        for job, reasons in failures.read_reasons(store(), ends).items()
        if reasons[0].message
    }


@blueprint.get("/flakes")
def show() -> str:
    """Return a page of the flaky jobs, the most often flaky first."""
    listed, place = find_flakes(), filters.whole("after") or 0
    rows = listed.rows[place : place + PAGE]
    kept = {name: value for name, value in request.args.items() if name != "after"}
    failed = [count_days(row, listed.dates) for row in rows]
    return render_page(
        "flakes.html",
        TITLE,
        flakes=listed,
        dates=listed.dates,
        rows=rows,
        labels=listed.labels,
        said=read_said(rows),
        trends=[(days, charts.draw_small_bars(days)) for days in failed],
        reruns=sum(row.reruns for row in listed.rows),
        variants=[("all", "/flakes")],
        sorts=SORTS,
        repos=runs.list_repos(store()),
        suggestions=suggest(listed),
        chosen=request.args,
        kept=kept,
        is_filtered=bool(kept),
        place=place,
        after=place + PAGE if len(listed.rows) > place + PAGE else None,
        pending=changed_runs.pending_runs(store()),
        lost=sum(one.flake.seconds for one in listed.rows),
        has_runs=runs.has_runs(store()),
    )


@blueprint.get("/flakes.csv")
def download() -> Response:
    """Return the flaky jobs as CSV."""
    listed = find_flakes()
    titles = "repository workflow job commits flaky rate failures minutes last".split()
    titles += ["repoid", "workflowgitid", "reruns"]
    lines = [
        (
            names.repo_label(flake.repoid, flake.repo),
            listed.labels[flake.repoid, flake.workflow],
            flake.name,
            flake.commits,
            flake.flaky,
            round(flake.rate, 4),
            flake.failures,
            round(flake.seconds / 60, 2),
            flake.lastseen.isoformat(),
            flake.repoid,
            flake.workflowgitid,
            reruns,
        )
        for flake, _, _, _, reruns in listed.rows[:CSV_MOST]
    ]
    return csv_response("flakes", titles, lines, is_cut=len(listed.rows) > CSV_MOST)
