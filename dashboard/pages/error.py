"""`/errors/FINGERPRINT`: one error: when, where, in which runs, and what else failed then."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, abort, g, redirect, request, url_for

from dashboard.causes.shown_causes import list_owners
from dashboard.pages.error_list import READ_DAYS, kept_filters, read_days, read_repoids
from dashboard.view import charts
from dashboard.view.formats import first_line
from dashboard.view.new_issue_link import error_issue_link
from dashboard.view.shown_changes import MOST, CalledJob, ShownChanges, list_changes_before
from dashboard.view.suspect_commits import Suspects, find_suspects
from dashboard.web import access, filters, names
from dashboard.web.request import render_page, site, store
from rows.fingerprint import REVISION
from store.changes import job_changes
from store.errors import error_ranking, nearby_errors, one_error
from store.errors.error_filter import ErrorFilter
from store.errors.nearby_errors import NearbyError
from store.errors.one_error import ErrorMessage, ErrorRun
from store.reads import runs as reads
from store.state import acknowledgements, error_issues, older_fingerprints

TITLE = "Errors"
blueprint = Blueprint("error", __name__)
PAGE = 25
NEARBY = 12
PLACES = 12
WRITTEN = 20
RUNS_LOOKED_AT = 200
"""Of the latest runs, those whose other errors are shown."""


class NightErrors(NamedTuple):
    """What else failed: in the same runs, and elsewhere in the latest night of the error."""

    same_runs: list[NearbyError]
    same_night: list[NearbyError]


def find(fingerprint: str) -> ErrorMessage:
    """Return the error of the URL, or answer 404; 301 for one that an older masking named so."""
    error = one_error.find_error(store(), fingerprint)
    if error is not None:
        return error
    newer = older_fingerprints.renewed(store(), fingerprint)
    if newer is not None:
        asked = request.query_string.decode("ascii", "replace")
        address = url_for("error.show", fingerprint=newer)
        abort(redirect(f"{address}?{asked}" if asked else address, 301))
    revision = fingerprint.partition(":")[0]
    text = f"No failure has the fingerprint {fingerprint}."
    if revision.isascii() and revision.isdigit() and int(revision) < REVISION:
        text += (
            f" It is of revision {revision}, and messages are masked by revision {REVISION} now: "
            "look for its words under Errors."
        )
    abort(404, text)


def list_beside(error: ErrorMessage, runs: list[ErrorRun]) -> NightErrors:
    """Return what else failed in the latest runs of an error, and in its latest night."""
    keys = {(run.provider, run.gitid) for run in runs}
    same_runs = nearby_errors.list_same_runs(store(), error.fingerprint, keys, NEARBY)
    if error.last is None:
        return NightErrors(same_runs, [])
    calendar = site().calendar
    night = calendar.night(error.last)
    span = ErrorFilter(calendar.begin(night), calendar.end(night))
    known = {error.fingerprint, *(one.fingerprint for one in same_runs)}
    listed = error_ranking.list_errors(store(), span, NEARBY + len(known)).errors
    others = [
        NearbyError(other.fingerprint, other.message, other.jobs, other.kind)
        for other in listed
        if other.fingerprint not in known
    ]
    return NightErrors(same_runs, others[:NEARBY])


def list_alike(error: ErrorMessage, wanted: ErrorFilter) -> list[NearbyError]:
    """Return errors of like words, of one repository that the URL chooses, else of its latest."""
    repoid = (wanted.repoids or [error.repoid])[0]
    return nearby_errors.list_similar(store(), error, repoid, NEARBY)


def list_changes(fingerprint: str, called: Mapping[int, str]) -> list[ShownChanges]:
    """Return what changed before the latest jobs with an error."""
    jobs = job_changes.list_jobs_with(store(), fingerprint, MOST)
    titles = {repoid: names.repo_label(repoid, name) for repoid, name in called.items()}
    return list_changes_before(
        store(),
        [
            CalledJob(provider, gitid, f"{titles.get(repoid, '?')}: {name or '?'}")
            for provider, gitid, repoid, name in jobs
        ],
    )


def make_issue_link(error: ErrorMessage, runs: list[ErrorRun]) -> str | None:
    """Return the address of a form of a new issue in the repository of the latest failure."""
    repo = reads.find_repo_by_id(store(), error.repoid)
    if repo is None:
        return None
    return error_issue_link(repo, error.fingerprint, error.message, runs)


def find_origin(run: ErrorRun, since: datetime) -> Suspects | None:
    """Return what came before the latest run of an error, None where the run is not stored."""
    stored = reads.find_run(store(), (run.provider, run.gitid))
    if stored is None or stored.createtime is None:
        return None
    return find_suspects(store(), stored, since)


@blueprint.get("/errors/<path:fingerprint>")
def show(fingerprint: str) -> str:
    """Return an error's page."""
    error = find(fingerprint)
    dates, page = read_days(), filters.whole("page") or 1
    wanted = ErrorFilter(dates.borders[0], dates.borders[-1], read_repoids(), kind="")
    is_asked = filters.choice("similar", ("", "yes"), "") == "yes"
    days = error_ranking.count_days(store(), site().calendar, dates.borders, wanted, [fingerprint])
    own = days[fingerprint]
    places = one_error.count_places(store(), wanted, fingerprint)
    listed = one_error.list_error_runs(
        store(), wanted, fingerprint, max(PAGE + 1, RUNS_LOOKED_AT), (min(page, 10**6) - 1) * PAGE
    )
    called = error_ranking.list_repo_names(
        store(), [*(one for one, _ in places.repositories), *(run.repoid for run in listed)]
    )
    since = error_ranking.read_kept(store()).since
    similar = list_alike(error, wanted) if is_asked else None
    return render_page(
        "error.html",
        first_line(error.message, 70) or f"Error {fingerprint[:14]}",
        error=error,
        dates=dates,
        days=own,
        chart=charts.draw_bars(
            charts.day_points(dates.days), {"failed": own.days}, {"failed": "jobs"}, "no job"
        ),
        jobs=sum(own.days),
        places=places,
        most=PLACES,
        names={repoid: names.repo_label(repoid, name) for repoid, name in called.items()},
        called=called,
        runs=listed[:PAGE],
        page=page,
        is_last=len(listed) <= PAGE,
        beside=list_beside(error, listed),
        night=site().calendar.night(error.last) if error.last else None,
        same_problem=nearby_errors.list_same_problem(store(), wanted, error, NEARBY),
        similar=similar,
        changes=list_changes(fingerprint, called),
        issue=make_issue_link(error, listed[:3]),
        owners=list_owners(site().plan.groups, called.values()),
        origin=find_origin(listed[0], dates.borders[0]) if listed and page == 1 else None,
        acknowledged=acknowledgements.list_current(store(), [fingerprint], g.now).get(fingerprint),
        written=acknowledgements.list_written(store(), fingerprint, WRITTEN),
        login=access.named_by_proxy(site().settings),
        issues=error_issues.list_issues(store(), fingerprint),
        young=since if since and since > wanted.until - READ_DAYS else None,
        is_new=bool(error.first and since and since < wanted.since <= error.first),
        kept=kept_filters("page"),
        spanned=kept_filters("page", "similar", "repo", "repoid", "group"),
    )
