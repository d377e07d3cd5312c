"""`/flakes`: jobs that failed and passed on the same commit, so that neither says much."""

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, g

from dashboard.web import filters, names
from dashboard.web.filters import BadFilter, DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.reads import runs
from store.reads.connection import StatementTimeout, limit_time
from store.rollups import find_flakes
from store.rollups import flakes as roll_flakes
from store.rollups.find_flakes import ShownFlake
from store.rollups.flakes import DAYS, MOST

TITLE = "Flakes"
blueprint = Blueprint("flakes", __name__)
CSV_MOST = 5_000
LIVE_SECONDS = 8.0
TOO_MANY = (
    "These days have more jobs than can be counted while you wait: choose fewer. "
    f"The last {DAYS} are found ahead."
)


class ChosenFlakes(NamedTuple):
    """Flaky jobs, and when they were found: None for now."""

    rows: list[ShownFlake]
    made: datetime | None


def choose_flakes(dates: DateRange) -> ChosenFlakes:
    """Return the flaky jobs of some days: those of the usual ones are found ahead."""
    begin, end = dates.borders[0], dates.borders[-1]
    made = roll_flakes.read_roll_time(store(), begin, end)
    if made is not None:
        return ChosenFlakes(roll_flakes.read_flakes(store()), made)
    try:
        with limit_time(store(), LIVE_SECONDS):
            return ChosenFlakes(find_flakes.list_shown_flakes(store(), begin, end, MOST), None)
    except StatementTimeout:
        raise BadFilter(TOO_MANY) from None


@blueprint.get("/flakes")
def show() -> str:
    """Return the flaky jobs, the most often flaky first."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    rows, made = choose_flakes(dates)
    return render_page(
        "flakes.html",
        TITLE,
        dates=dates,
        rows=rows,
        labels=names.label_flakes(one.flake for one in rows),
        made=made,
        variants=[],
        whole=len(rows) < MOST,
        lost=sum(one.flake.seconds for one in rows),
        has_runs=runs.has_runs(store()),
    )


@blueprint.get("/flakes.csv")
def download() -> Response:
    """Return the flaky jobs as CSV."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    try:
        with limit_time(store(), LIVE_SECONDS):
            flakes = find_flakes.list_flakes(store(), dates.borders[0], dates.borders[-1], CSV_MOST)
    except StatementTimeout:
        raise BadFilter(TOO_MANY) from None
    titles = "repository workflow job commits flaky rate failures minutes last".split()
    titles += ["repoid", "workflowgitid"]
    labels = names.label_flakes(flakes)
    lines = [
        (
            names.repo_label(flake.repoid, flake.repo),
            labels[flake.repoid, flake.workflow],
            flake.name,
            flake.commits,
            flake.flaky,
            round(flake.flaky / flake.commits, 4),
            flake.failures,
            round(flake.seconds / 60, 2),
            flake.lastseen.isoformat(),
            flake.repoid,
            flake.workflowgitid,
        )
        for flake in flakes
    ]
    return csv_response("flakes", titles, lines)
