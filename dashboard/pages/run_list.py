"""`/runs`: every run, newest first, by what one looks for."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, g, request

from dashboard.view import formats
from dashboard.web import filters, names
from dashboard.web.filters import BadFilter
from dashboard.web.request import csv_response, render_page, site, store
from rows.sources import TRIGGERS
from store.reads import runs
from store.reads.connection import StatementTimeout, limit_time
from store.reads.runs import Run
from store.run_search import counts, run_pages, what_failed
from store.run_search.conditions import RunFilter
from store.run_search.run_pages import SORTS, ListPosition, RunPage

TITLE = "Runs"
blueprint = Blueprint("runs", __name__)
PAGE = 50
SECONDS = 0.1
COUNT_SECONDS = 0.05
SORT_SECONDS = 3.0
MOST_PAGES = 200
TOO_MANY = "So many runs cannot be sorted while you wait: choose fewer days, or one repository."
VARIANTS = 100
CSV_MOST = 10_000
CONCLUSIONS = (
    "failed running success failure timed_out startup_failure cancelled skipped action_required"
    " neutral stale abandoned"
).split()


def read_filter() -> RunFilter:
    """Return what the URL asks for. Raises BadFilter."""
    calendar, first, last = site().calendar, filters.day("since"), filters.day("until")
    filters.check_order(first, last)
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
        filters.text("q") or None,
    )


def list_sorted(wanted: RunFilter, by: str, limit: int, skip: int) -> list[Run]:
    """Return runs, the longest first. Raises BadFilter: they are too many."""
    try:
        with limit_time(store(), SORT_SECONDS):
            return run_pages.list_longest(store(), wanted, by, limit, skip)
    except StatementTimeout:
        raise BadFilter(TOO_MANY) from None


def read_page(wanted: RunFilter) -> tuple[RunPage, str]:
    """Return a page of runs in the order of the URL, and its `after` of the next. BadFilter."""
    by = filters.choice("sort", SORTS, SORTS[0])
    if by == SORTS[0]:
        listed = run_pages.list_runs(store(), wanted, PAGE + 1, read_position(), SECONDS)
        return listed, next_place(listed)
    page = filters.whole("after") or 0
    if page > MOST_PAGES:
        raise BadFilter(filters.NO_PLACE)
    rows = list_sorted(wanted, by, PAGE + 1, page * PAGE)
    return RunPage(rows, None), str(page + 1) if len(rows) > PAGE else ""


def count_shown(wanted: RunFilter) -> tuple[int | None, int]:
    """Return how many runs the filters leave, None where that takes long, and of how many."""
    whole = counts.count_all(store(), COUNT_SECONDS)
    if wanted == RunFilter():
        return whole, whole
    matching = counts.count_runs(store(), wanted, COUNT_SECONDS)
    return matching, max(whole, matching or 0)


def read_position() -> ListPosition | None:
    """Return where the page before this one ended. Raises BadFilter."""
    place = filters.place()
    return None if place is None else ListPosition(*place)


def next_place(listed: RunPage) -> str:
    """Return the `after` of the next page, empty on the last one."""
    if len(listed.runs) > PAGE:
        last = listed.runs[PAGE - 1]
        assert last.createtime is not None  # noqa: S101 - the list is ordered by it
        return filters.name_place(last.createtime, last.Id)
    return filters.name_place(listed.searched, 0) if listed.searched else ""


def kept_filters(*without: str) -> dict[str, Any]:
    """Return the filters of this URL, for the links that keep them."""
    return {name: value for name, value in request.args.items() if name not in without}


def suggest(shown: Iterable[Run]) -> dict[str, list[str]]:
    """Return what to offer in a field: the names that the runs of this page have."""
    fields = {"workflow": "workflowname", "branch": "branchname", "author": "author"}
    return {
        field: sorted({getattr(run, column) for run in shown} - {None, ""})
        for field, column in fields.items()
    }


@blueprint.get("/runs")
def show() -> str:
    """Return a page of runs."""
    wanted = read_filter()
    listed, after = read_page(wanted)
    matching, whole = count_shown(wanted)
    repos = runs.list_repos(store())
    return render_page(
        "runs.html",
        TITLE,
        runs=listed.runs[:PAGE],
        labels=names.label_runs(listed.runs[:PAGE]),
        namesakes=names.list_namesakes(*wanted.repoids),
        searched=listed.searched,
        after=after,
        matching=matching,
        whole=whole,
        failed=what_failed.list_run_failures(store(), listed.runs[:PAGE]),
        suggestions=suggest(listed.runs),
        sorts=SORTS,
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
    wanted, by = read_filter(), filters.choice("sort", SORTS, SORTS[0])
    if by != SORTS[0]:
        listed = list_sorted(wanted, by, CSV_MOST + 1, 0)
    else:
        listed = run_pages.list_runs(store(), wanted, CSV_MOST + 1, read_position()).runs
    is_cut = len(listed) > CSV_MOST
    return csv_response("runs", Run._fields, listed[:CSV_MOST], is_cut=is_cut)
