"""`/errors`: what failed jobs say, by error: the most prevalent, and those never seen before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.pages.nights import group_names
from dashboard.view import charts, formats
from dashboard.view.night_matrix import NO_GROUP
from dashboard.web import filters, names
from dashboard.web.filters import BadFilter, DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.errors import error_ranking
from store.errors.error_filter import CAUSE, KINDS, ErrorFilter
from store.errors.error_places import ErrorNames
from store.errors.error_ranking import SORTS, ErrorDays, KnownError
from store.errors.kept_ranking import RankedErrors
from store.reads import nights as reads_nights
from store.reads import runs as reads
from store.reads.connection import StatementTimeout, limit_time

TITLE = "Errors"
blueprint = Blueprint("errors", __name__)
DAYS = 30
PAGE = 25
MOST_PAGES = 4000
CSV_MOST = 2000
VARIANTS = 50
SECONDS = 8.0
READ_DAYS = timedelta(days=90)
"""So far back failures are read when a store is new."""
TOO_MANY = "These filters take longer than you would wait: choose fewer days, or one repository."


class ChosenErrors(NamedTuple):
    """The days, and which failures the URL asks for."""

    dates: DateRange
    filter: ErrorFilter


class ShownError(NamedTuple):
    """An error with its days and nights, and where it was lately."""

    error: KnownError
    days: ErrorDays
    names: ErrorNames
    chart: str
    is_new: bool


class ListedErrors(NamedTuple):
    """A part of the errors, how many there are, and the jobs of what is not ranked, by kind."""

    shown: list[ShownError]
    total: int
    unranked: dict[str, int]


def read_days() -> DateRange:
    """Return the days of `since` to `until`, or the last `days`. Raises BadFilter."""
    asked = filters.whole("days")
    if asked is not None and not 1 <= asked <= filters.MOST_DAYS:
        raise BadFilter(f"days is a number from 1 to {filters.MOST_DAYS}.")
    return filters.date_range(site().calendar, g.now, DAYS, asked)


def read_repoids() -> Sequence[int] | None:
    """Return the repositories that the URL chooses, None for all. Raises BadFilter."""
    chosen, group = names.read_repo_or_part(), filters.choice("group", ("", *group_names()), "")
    if not group:
        return chosen
    grouped = reads_nights.group_repos(store(), site().plan)
    own = [number for number, repo in grouped.items() if (repo.group or NO_GROUP) == group]
    return own if chosen is None else [number for number in own if number in chosen]


def read_filter() -> ChosenErrors:
    """Return what the URL asks for. Raises BadFilter."""
    dates = read_days()
    return ChosenErrors(
        dates,
        ErrorFilter(
            dates.borders[0],
            dates.borders[-1],
            read_repoids(),
            filters.text("workflow") or None,
            filters.text("job") or None,
            filters.text("branch") or None,
            filters.text("runner") or None,
            filters.text("q") or None,
            filters.text("problem") or None,
            filters.choice("kind", KINDS, CAUSE),
            filters.choice("new", ("", "yes"), "") == "yes",
        ),
    )


def read_errors(chosen: ChosenErrors, most: int, skip: int = 0) -> ListedErrors:
    """Return a part of the errors. Raises BadFilter: it takes too long."""
    wanted, borders = chosen.filter, chosen.dates.borders
    usual = SORTS[0] if wanted.kind == CAUSE else "last"  # what is no cause is not ranked
    by = filters.choice("sort", SORTS, usual)
    try:
        with limit_time(store(), SECONDS):
            ranked = RankedErrors(store(), site().calendar, borders, wanted)
            page = ranked.list_errors(most, skip, by)
            days = ranked.count_days([error.fingerprint for error in page.errors])
            counts = {error.fingerprint: error.jobs for error in page.errors}
            places = ranked.name_places(counts)
            is_top = not skip and wanted.kind == CAUSE and not wanted.text
            unranked = ranked.count_kinds() if is_top else {}
    except StatementTimeout:
        raise BadFilter(TOO_MANY) from None
    nowhere = ErrorNames((), (), (), (), ())
    shown = [
        ShownError(
            error,
            days[error.fingerprint],
            places.get(error.fingerprint, nowhere),
            charts.draw_small_bars(days[error.fingerprint].days),
            error.firstever is not None and error.firstever >= wanted.since,
        )
        for error in page.errors
    ]
    return ListedErrors(shown, page.total, unranked)


def kept_filters(*without: str) -> dict[str, Any]:
    """Return the filters of this URL, for the links that keep them."""
    return {name: value for name, value in request.args.items() if name not in without}


def suggest(shown: Sequence[ShownError]) -> dict[str, list[str]]:
    """Return what to offer in a field: the names of where the errors of this page were."""
    fields = {"workflow": "workflows", "job": "jobs", "branch": "branches", "runner": "runners"}
    return {
        field: sorted({name for one in shown for name in getattr(one.names, column)})
        for field, column in fields.items()
    }


def name_repos(shown: Sequence[ShownError]) -> dict[int, str]:
    """Return what to call the repositories of errors."""
    repoids = {repoid for one in shown for repoid in one.names.repositories}
    return {
        repo.Id: names.repo_label(repo.Id, repo.name)
        for repo in names.list_repos()
        if repo.Id in repoids
    }


@blueprint.get("/errors")
def show() -> str | Response:
    """Return a page of errors, that of most jobs first; `format=csv` is `/errors.csv`."""
    if filters.choice("format", ("", "csv"), "") == "csv":
        return download()
    chosen, page = read_filter(), filters.whole("page") or 1
    if page > MOST_PAGES:
        raise BadFilter("page is no place in the list: begin at its top again.")
    shown, total, unranked = read_errors(chosen, PAGE, (page - 1) * PAGE)
    kept = error_ranking.read_kept(store())
    repos, repoids = names.list_repos(), names.read_repo_or_part() or ()
    young = kept.since if kept.since and kept.since > chosen.filter.until - READ_DAYS else None
    return render_page(
        "errors.html",
        TITLE,
        dates=chosen.dates,
        wanted=chosen.filter,
        shown=shown,
        total=total,
        page=page,
        first=(page - 1) * PAGE,
        is_last=page * PAGE >= total,
        unranked=unranked,
        young=young,
        all_new=bool(young and young >= chosen.filter.since),
        has_older=kept.has_older,
        repos=repos,
        labels=name_repos(shown),
        namesakes=names.list_namesakes(*(repoids if len(repoids) == 1 else ())),
        suggestions=suggest(shown),
        sorts=SORTS,
        groups=group_names(),
        kinds=KINDS,
        variants=[
            ("all", "/errors"),
            ("new", formats.query("/errors", new="yes")),
            *names.list_variants("/errors", repos[:VARIANTS]),
        ],
        kept=kept_filters("page"),
        others=kept_filters("page", "new", "kind"),
        chosen=request.args,
        has_failures=kept.since is not None,
        has_runs=reads.has_runs(store()),
    )


@blueprint.get("/errors.csv")
def download() -> Response:
    """Return the errors that the filters leave as CSV, at most CSV_MOST."""
    listed = read_errors(read_filter(), CSV_MOST)
    shown = listed.shown
    labels = name_repos(shown)
    titles = "fingerprint message kind jobs repositories nights first last new".split()
    titles += "problem repository_names workflows job_names runners branches".split()
    lines = [
        (
            row.error.fingerprint,
            row.error.message,
            row.error.kind,
            row.error.jobs,
            row.error.repositories,
            len(row.days.nights),
            row.error.firstever and row.error.firstever.isoformat(),
            row.error.last.isoformat(),
            "yes" if row.is_new else "no",
            row.error.problem,
            *map("; ".join, list_names(row.names, labels)),
        )
        for row in shown
    ]
    return csv_response("errors", titles, lines, is_cut=listed.total > len(shown))


def list_names(places: ErrorNames, labels: dict[int, str]) -> list[Sequence[str]]:
    """Return the names of where an error was lately: repositories, workflows, jobs, ..."""
    repositories = [labels[one] for one in places.repositories if one in labels]
    return [repositories, places.workflows, places.jobs, places.runners, places.branches]
