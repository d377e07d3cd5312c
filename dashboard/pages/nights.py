"""`/` and `/nights/...`: what failed last night and why, over the nights before."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, abort, g, request

from dashboard.causes import shown_causes
from dashboard.causes.red_causes import RedNow, read_red_now
from dashboard.causes.shown_causes import NightCauses, NightSpan
from dashboard.pages.shown_nights import ShownNights, read_rows, read_shown_nights
from dashboard.view import formats
from dashboard.view.new_issue_link import new_issue_link
from dashboard.view.night_cells import draw_cells
from dashboard.view.night_matrix import (
    NO_GROUP,
    NOT_RUN,
    MatrixRow,
    estimate_width,
    filter_rows,
    find_shared_owner,
    name_whole,
    sort_rows,
)
from dashboard.view.shown_changes import list_job_changes
from dashboard.view.suspect_commits import list_suspects
from dashboard.web import filters, names
from dashboard.web.request import csv_response, night_span, render_page, site, store
from rows.words import FAILED_JOB
from store.errors.error_ranking import list_repo_names
from store.history import red_now
from store.history.run_family import list_children, under_parents
from store.reads import failures as reads_failures
from store.reads import nights as reads_nights
from store.reads import runs as reads
from store.rollups.night_summary import FAILED_STATE, STATES
from store.rollups.nightly_runs import NightlyResult
from store.write import changed_runs

TITLE = "Nights"
blueprint = Blueprint("nights", __name__)
COUNTS = ("14", "30", "60")
USUAL = "30"
MOST_SPREAD, MOST_RED = 10, 1000


def group_names() -> list[str]:
    """Return the names of the groups in their order, empty without any."""
    names = [group.name for group in site().plan.groups]
    return [*names, NO_GROUP] if names else []


def read_causes(rows: list[MatrixRow], shown: ShownNights, text: str = "") -> NightCauses:
    """Return why rows failed last night, and what is fixed."""
    span = NightSpan(shown.nights, shown.last)
    return shown_causes.read_causes(store(), site().plan, rows, span, g.now, text)


def read_red(rows: list[MatrixRow], all_rows: list[MatrixRow], causes: NightCauses) -> RedNow:
    """Return what is red now in the repositories that are shown; all, where none is left out."""
    red = red_now.list_red(store(), MOST_RED)
    if len(rows) != len(all_rows):
        shown = {row.repoid for row in rows}
        red = [one for one in red if one.repoid in shown]
    failing = (one.cause for one in causes.failing)
    return read_red_now(store(), red, failing, site().plan.groups, g.now)


def choose_rows(shown: ShownNights, text: str) -> list[MatrixRow]:
    """Return the rows that have a text and that the URL's filters leave, sorted."""
    states = filters.choices("status", STATES)
    group = filters.choice("group", ("", *group_names()), "")
    rows = filter_rows(shown.rows, shown.last, text, states, group)
    order = filters.choice("sort", ("failing", "name"), "failing")
    return sort_rows(rows, shown.last, order, group_names())


def variants() -> list[tuple[str, str]]:
    """Return the choices that an export has as pages of their own."""
    choices = [(f"{count} nights", formats.query("/", nights=count)) for count in COUNTS]
    choices += [(state, formats.query("/", status=state)) for state in STATES]
    return choices + [(group, formats.query("/", group=group)) for group in group_names()]


@blueprint.get("/")
def show() -> str:
    """Return the matrix with last night in words above it."""
    shown = read_shown_nights(int(filters.choice("nights", COUNTS, USUAL)))
    text = filters.text("q")
    rows = choose_rows(shown, text)
    causes = read_causes(choose_rows(shown, ""), shown, text)
    labels = {night: formats.night(night) for night in shown.nights}
    group = request.args.get("group", "")
    counted = filter_rows(shown.rows, shown.last, text, (), group)
    totals = {
        state: sum(row.cell(shown.last).state == state for row in counted) for state in STATES
    }
    return render_page(
        "nights.html",
        TITLE,
        shown=shown,
        rows=rows,
        totals=totals,
        red=read_red(rows, shown.rows, causes),
        causes=causes,
        owner=find_shared_owner(rows),
        width=estimate_width(rows, len(shown.nights)),
        groups=group_names(),
        variants=variants(),
        pending=changed_runs.pending_runs(store()),
        states=STATES,
        counts=COUNTS,
        usual=USUAL,
        text=text,
        kept={name: request.args[name] for name in request.args if name != "status"},
        cells=lambda row: draw_cells(row, shown.last, labels, text),
        has_runs=bool(shown.rows) or reads.has_runs(store()),
    )


@blueprint.get("/nights.csv")
def download() -> Response:
    """Return the matrix as CSV, a line for each cell in which something ran, or should."""
    shown = read_shown_nights(int(filters.choice("nights", COUNTS, USUAL)))
    lines = [
        (
            row.repo,
            row.group,
            cell.night.isoformat(),
            cell.state,
            cell.runs,
            "; ".join(map(name_whole, cell.failures)),
            "; ".join(one.step or "" for one in cell.failures),
            "; ".join(one.error or "" for one in cell.failures),
        )
        for row in choose_rows(shown, filters.text("q"))
        for cell in row.cells
        if cell.runs or cell.failures
    ]
    titles = ("repository", "group", "night", "state", "runs", "failed jobs", "steps", "errors")
    return csv_response("nights", titles, lines)


@blueprint.get("/nights/<int:repoid>/<day>")
def detail(repoid: int, day: str) -> str:
    """Return one repository's night: runs, jobs, what changed since it was last well."""
    repo = reads.find_repo_by_id(store(), repoid)
    night = parse_night(day)
    if repo is None or night is None:
        abort(
            404, "No repository of this number is stored, or this is no night: a night is a date."
        )
    plan = site().plan
    since, until = plan.calendar.begin(night), plan.calendar.end(night)
    runs = reads_nights.list_nightly_runs(store(), plan, repoid, since, until)
    if since > g.now and not runs:  # of a clock that is ahead
        abort(404, "This night has not begun.")
    rows = read_rows([night], repoid)
    cell = rows[0].cells[0] if rows else None
    made = [run for run in list_children(store(), runs) if run.key not in {one.key for one in runs}]
    every = [*made[::-1], *runs]
    jobs = reads.list_jobs(store(), [run.key for run in every])
    by_run = {
        run.key: [
            job
            for job in sorted(jobs, key=lambda job: job.conclusion not in FAILED_JOB)
            if (job.provider, job.rungitid) == run.key and job.attempt == run.attempt
        ]
        for run in every
    }
    reasons = reads_failures.read_reasons(store(), [run.key for run in every])
    failures = cell.failures if cell else ()
    broken = {one.workflowkey for one in failures}
    prints = sorted({one.fingerprint for one in failures if one.fingerprint})
    around = list_suspects(store(), runs, broken)
    labels = names.label_runs([*every[::-1], *(one.bad for one in around)])
    called = [
        pair._replace(bad=pair.bad._replace(workflowname=labels[repoid, pair.bad.workflow]))
        for pair in around
    ]
    tonight = list_places(reads_nights.read_nights(store(), plan, [night]))
    # The failed ones first, those that a run made behind it.
    listed = under_parents(sorted(every[::-1], key=lambda run: run.workflow not in broken))
    return render_page(
        "night.html",
        f"{names.repo_label(repoid, repo.name)}, night of {night_span(night)}",
        repo=repo,
        night=night,
        begin=since,
        end=until,
        cell=cell,
        runs=listed,
        made={run.gitid: run.runnumber for run in listed},
        labels=labels,
        jobs=by_run,
        reasons=reads_failures.with_copies(reasons, jobs),
        errors={one: read_error(one, since, tonight[one]) for one in prints[:MOST_SPREAD]},
        suspects=around,
        changes=list_job_changes(store(), [job for run in runs for job in by_run[run.key]]),
        not_run=NOT_RUN,
        issue=new_issue_link(repo, night, cell.failures, runs, called) if cell else None,
        failed=cell is not None and cell.state == FAILED_STATE,
        # An export has the nights that the matrix leads to: not every one before these.
        before=None if site().is_static else night - timedelta(days=1),
        after=night + timedelta(days=1) if until <= g.now and not site().is_static else None,
    )


class ErrorHistory(NamedTuple):
    """In how many repositories an error was of late, which were it this night, and is it new."""

    lately: int
    tonight: list[str]
    is_new: bool


def list_places(results: Iterable[NightlyResult]) -> dict[str, set[int]]:
    """Return the repositories of each fingerprint of a night."""
    places: dict[str, set[int]] = defaultdict(set)
    for result in results:
        for failure in result.content.failures:
            if failure.fingerprint:
                places[failure.fingerprint].add(result.repoid)
    return places


def read_error(fingerprint: str, night: datetime, tonight: set[int]) -> ErrorHistory:
    """Return what the store knows of an error."""
    called = list_repo_names(store(), tonight)
    is_new = not reads_failures.has_been_seen(store(), fingerprint, night)
    return ErrorHistory(
        len(reads_failures.list_repos_with(store(), fingerprint)),
        sorted(names.repo_label(*repo) for repo in called.items()),
        is_new,
    )


def parse_night(day: str) -> date | None:
    """Return the date of a path, None if it is none."""
    try:
        night = date.fromisoformat(day)
    except ValueError:
        return None
    return night if 1971 <= night.year <= 9000 else None
