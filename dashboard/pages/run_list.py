"""`/runs`: every run, newest first, by what one looks for."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request

from dashboard.view import formats
from dashboard.web import filters, names
from dashboard.web.filters import BadFilter
from dashboard.web.request import csv_response, render_page, site, store
from rows.sources import TRIGGERS
from store.reads import run_list, runs
from store.reads.run_list import ListPosition, RunFilter, RunPage
from store.reads.runs import Run

TITLE = "Runs"
blueprint = Blueprint("runs", __name__)
PAGE = 50
SECONDS = 0.1
VARIANTS = 100
CSV_MOST = 10_000
CONCLUSIONS = (
    "failed running success failure timed_out startup_failure cancelled skipped action_required"
    " neutral stale abandoned"
).split()


def read_filter() -> RunFilter:
    """Return what the URL asks for. Raises BadFilter."""
    calendar, first, last = site().calendar, filters.day("since"), filters.day("until")
    return RunFilter(
        names.read_repos(),
        filters.text("workflow") or None,
        filters.text("branch") or None,
        filters.text("event") or None,
        filters.choice("conclusion", ("", *CONCLUSIONS), "") or None,
        filters.text("author") or None,
        filters.text("commit") or None,
        calendar.day_begin(first) if first else None,
        calendar.borders(last, last)[1] if last else None,
        filters.text("head") or None,
        filters.whole("workflowgitid"),
    )


def read_position() -> ListPosition | None:
    """Return where the page before this one ended. Raises BadFilter."""
    text = filters.text("after")
    if not text:
        return None
    time, _, number = text.rpartition("_")
    try:
        return ListPosition(datetime.fromisoformat(time).replace(tzinfo=None), int(number))
    except ValueError:
        raise BadFilter("after is no place in the list: begin at its top again.") from None


def next_place(listed: RunPage) -> str:
    """Return the `after` of the next page, empty on the last one."""
    if len(listed.runs) > PAGE:
        last = listed.runs[PAGE - 1]
        assert last.createtime is not None  # noqa: S101 - the list is ordered by it
        return f"{last.createtime.isoformat()}_{last.Id}"
    return f"{listed.searched.isoformat()}_0" if listed.searched else ""


def kept_filters(*without: str) -> dict[str, Any]:
    """Return the filters of this URL, for the links that keep them."""
    return {name: value for name, value in request.args.items() if name not in without}


@blueprint.get("/runs")
def show() -> str:
    """Return a page of runs."""
    wanted = read_filter()
    listed = run_list.list_runs(store(), wanted, PAGE + 1, read_position(), SECONDS)
    repos = runs.list_repos(store())
    return render_page(
        "runs.html",
        TITLE,
        runs=listed.runs[:PAGE],
        labels=names.label_runs(listed.runs[:PAGE]),
        namesakes=names.list_namesakes(*wanted.repoids),
        searched=listed.searched,
        after=next_place(listed),
        repos=repos,
        variants=[
            ("all", "/runs"),
            *((one, formats.query("/runs", conclusion=one)) for one in CONCLUSIONS[:2]),
            *names.list_variants("/runs", repos[:VARIANTS]),
        ],
        conclusions=CONCLUSIONS,
        events=TRIGGERS,
        kept=kept_filters("after"),
        of_all_workflows=kept_filters("after", "workflowgitid"),
        chosen=request.args,
        now_local=site().calendar.local(g.now).date(),
        is_filtered=bool(kept_filters()),
    )


@blueprint.get("/runs.csv")
def download() -> Response:
    """Return the newest runs that the filters leave as CSV."""
    listed = run_list.list_runs(store(), read_filter(), CSV_MOST, read_position())
    return csv_response("runs", Run._fields, listed.runs)
