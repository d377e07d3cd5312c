"""`/slower`: jobs that got slower, and runners that are waited for longer, than their own past."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.pages import figures
from dashboard.view import charts
from dashboard.web import filters, links, names, subject_names
from dashboard.web.filters import DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import shown_days, slowdowns
from store.figures.job_slowdowns import list_job_slowdowns
from store.figures.slowdowns import RECENT, Slowdown
from store.reads import runs

TITLE = figures.TITLE
blueprint = Blueprint("slower", __name__)
DAYS = 35
"""The last RECENT of them are set against the others."""


class SlowerLine(NamedTuple):
    """What takes longer, with its page and its daily medians."""

    name: str
    url: str
    slowdown: Slowdown
    trend: str


class Slower(NamedTuple):
    """Both lists of some days, and how many there are without a search."""

    dates: DateRange
    jobs: list[SlowerLine]
    pools: list[SlowerLine]
    all_jobs: int
    all_pools: int


SORTS: dict[str, Callable[[Slowdown], float]] = {
    "growth": lambda slowdown: slowdown.growth,
    "seconds": lambda slowdown: slowdown.now - slowdown.before,
    "now": lambda slowdown: slowdown.now,
}
"""What both lists are ordered by, the most first."""


def read_slower() -> Slower:
    """Return what the URL asks for. Raises BadFilter."""
    dates, repoid = filters.date_range(site().calendar, g.now, DAYS), names.read_one_repo()
    if len(dates.days) < 2 * RECENT:
        raise filters.BadFilter(f"At least {2 * RECENT} days are compared: the last {RECENT}.")
    figures = shown_days.read_shown(store(), dates.borders, repoid)
    jobs = list_job_slowdowns(figures)
    pools = slowdowns.list_slowdowns(slowdowns.wait_series(figures.read_short()))
    repos = {repo.Id: repo.name for repo in names.list_repos()}
    called: dict[Any, tuple[str, str]] = subject_names.label_flows(
        [change.key for change in jobs], repos
    )
    lines = [SlowerLine(*called[change.key], change, draw(change)) for change in jobs]
    waits = [
        SlowerLine(name_pool(change), links.pool_page(change.key[0]), change, draw(change))
        for change in pools
    ]
    return Slower(dates, choose(lines), choose(waits), len(lines), len(waits))


def choose(lines: list[SlowerLine]) -> list[SlowerLine]:
    """Return the lines that the URL leaves, in its order. Raises BadFilter."""
    text, order = filters.text("q").casefold(), SORTS[filters.choice("sort", SORTS, "growth")]
    chosen = [line for line in lines if text in line.name.casefold()]
    return sorted(chosen, key=lambda line: order(line.slowdown), reverse=True)


def name_pool(slower: Slowdown) -> str:
    """Return what to call a pool on a runner system."""
    pool, system = slower.key
    return f"{subject_names.pool_name(pool)}{f', {system}' if system else ''}"


def draw(slower: Slowdown) -> str:
    """Return the daily medians as small bars."""
    return charts.draw_small_bars([round(value or 0) for value in slower.days])


@blueprint.get("/slower")
def show() -> str:
    """Return both lists."""
    slower = read_slower()
    first = slower.dates.last - timedelta(days=RECENT - 1)
    return render_page(
        "slower.html", "Slower", chosen=slower, first=first, recent=RECENT,
        kept=dict(request.args.items()), sorts=SORTS,
        namesakes=names.list_namesakes(names.read_one_repo()),
        days=slower.dates.days, repos=names.list_repos(), has_runs=runs.has_runs(store()),
        variants=[],
    )  # fmt: skip


@blueprint.get("/slower.csv")
def download() -> Response:
    """Return both lists as CSV."""
    slower = read_slower()
    lines = [
        (kind, change.name, round(change.slowdown.before, 1), round(change.slowdown.now, 1),
         round(change.slowdown.growth, 2))
        for kind, listed in (("run time", slower.jobs), ("wait", slower.pools))
        for change in listed
    ]  # fmt: skip
    return csv_response("slower", ("kind", "name", "median before", "median now", "growth"), lines)
