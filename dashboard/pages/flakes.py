"""`/flakes`: jobs that failed and passed on the same commit, so that neither says much."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Response, g

from dashboard import filters
from dashboard.filters import Dates
from dashboard.site import page, sheet, site, store
from store import reads, reads_flakes
from store.reads_flakes import Example, Flake

blueprint = Blueprint("flakes", __name__)
DAYS = 30
MOST = 50
CSV_MOST = 5_000


class Shown(NamedTuple):
    """A flaky job with its newest failure and the success on the same commit."""

    flake: Flake
    failed: Example | None
    passed: Example | None


def pair(flake: Flake, ends: list[Example]) -> Shown:
    """Return a flake with the two ends of the newest commit that has both; `ends` newest first."""
    for failed in ends:
        if failed.conclusion not in reads.FAILED:
            continue
        passed = next(
            (e for e in ends if e.commithash == failed.commithash and e.conclusion == "success"),
            None,
        )
        if passed is not None:
            return Shown(flake, failed, passed)
    return Shown(flake, None, None)


def found(most: int) -> tuple[Dates, list[Flake]]:
    """Return the days asked for and their flaky jobs."""
    dates = filters.dates(site().calendar, g.now, DAYS)
    return dates, reads_flakes.flakes(store(), dates.borders[0], dates.borders[-1], most)


@blueprint.get("/flakes")
def show() -> str:
    """Return the flaky jobs, the most often flaky first."""
    dates, flakes = found(MOST)
    rows = [pair(one, reads_flakes.examples(store(), one, dates.borders[0])) for one in flakes]
    return page(
        "flakes.html",
        "Flakes",
        dates=dates,
        rows=rows,
        whole=len(flakes) < MOST,
        lost=sum(one.seconds for one in flakes),
        has_runs=reads.has_runs(store()),
    )


@blueprint.get("/flakes.csv")
def download() -> Response:
    """Return the flaky jobs as CSV."""
    _, flakes = found(CSV_MOST)
    titles = "repository workflow job commits flaky rate failures minutes last".split()
    lines = [
        (
            one.repo,
            one.workflowname,
            one.name,
            one.commits,
            one.flaky,
            round(one.flaky / one.commits, 4),
            one.failures,
            round(one.seconds / 60, 2),
            one.lastseen.isoformat(),
        )
        for one in flakes
    ]
    return sheet("flakes", titles, lines)
