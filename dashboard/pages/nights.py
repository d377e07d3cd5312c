"""`/` and `/nights/...`: what failed last night and why, over the nights before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, abort, g

from dashboard import filters, shown
from dashboard.changes import changes_of
from dashboard.issue import new_issue
from dashboard.matrix import FAILED_STATE, STATES, Row, filtered, matches, rows_of, sorted_rows
from dashboard.nights import shown_nights
from dashboard.site import page, sheet, site, store
from store import reads, reads_nights

blueprint = Blueprint("nights", __name__)
COUNTS = ("14", "30", "60")
USUAL = "30"
COMMITS = 25


class Seen(NamedTuple):
    """The nights of the page, newest first, last night, and the rows of all repositories."""

    nights: list[date]
    last: date
    rows: list[Row]


def seen(count: int) -> Seen:
    """Read the nights."""
    calendar, now = site().calendar, g.now
    nights = shown_nights(calendar, now, count)
    since, until = calendar.begin(nights[-1]), calendar.end(nights[0])
    runs = reads_nights.nightly_runs(store(), since, until)
    failed = reads_nights.failed_jobs(store(), since, until)
    rows = rows_of(calendar, nights, runs, failed)
    return Seen(nights, calendar.local(now).date(), rows)


def chosen(found: Seen) -> list[Row]:
    """Return the rows that the URL's filters leave, sorted."""
    states = filters.choices("status", STATES)
    rows = filtered(found.rows, found.last, filters.text("q"), states)
    return sorted_rows(rows, found.last, filters.choice("sort", ("failing", "name"), "failing"))


@blueprint.get("/")
def show() -> str:
    """Return the matrix with last night in words above it."""
    found = seen(int(filters.choice("nights", COUNTS, USUAL)))
    text = filters.text("q")
    rows = chosen(found)
    totals = {
        state: sum(row.cell(found.last).state == state for row in found.rows) for state in STATES
    }
    return page(
        "nights.html",
        "Nights",
        found=found,
        rows=rows,
        totals=totals,
        changes=changes_of(found.rows, found.last),
        states=STATES,
        counts=COUNTS,
        usual=USUAL,
        text=text,
        hit=lambda cell: not text or matches(cell, text),
        has_runs=bool(found.rows) or reads.has_runs(store()),
    )


@blueprint.get("/nights.csv")
def download() -> Response:
    """Return the matrix as CSV, a line for each cell in which something ran."""
    found = seen(int(filters.choice("nights", COUNTS, USUAL)))
    lines = [
        (
            row.repo,
            cell.night.isoformat(),
            cell.state,
            len(cell.runs),
            "; ".join(f"{one.workflow} / {one.job}" for one in cell.failures),
            "; ".join(one.step or "" for one in cell.failures),
        )
        for row in chosen(found)
        for cell in row.cells
        if cell.runs
    ]
    return sheet("nights", ("repository", "night", "state", "runs", "failed jobs", "steps"), lines)


@blueprint.get("/nights/<int:repoid>/<day>")
def detail(repoid: int, day: str) -> str:
    """Return one repository's night: runs, jobs, what changed since it was last well."""
    repo = reads.one_repo(store(), repoid)
    night = parsed(day)
    if repo is None or night is None:
        abort(404)
    calendar = site().calendar
    since, until = calendar.begin(night), calendar.end(night)
    runs = [run for run in reads_nights.nightly_runs(store(), since, until) if run.repoid == repoid]
    failed = reads_nights.failed_jobs(store(), since, until)
    rows = rows_of(calendar, [night], runs, failed)
    cell = rows[0].cells[0] if rows else None
    jobs = reads.jobs_of(store(), [run.key for run in runs])
    by_run = {
        run.key: [
            job
            for job in jobs
            if (job.provider, job.rungitid) == run.key and job.attempt == run.attempt
        ]
        for run in runs
    }
    broken = {one.workflow for one in cell.failures} if cell else set()
    bad = next(
        (
            run
            for run in runs[::-1]
            if run.conclusion in reads.FAILED and (run.workflowname or "?") in broken
        ),
        None,
    )
    return page(
        "night.html",
        f"{repo.name}, night to {shown.night(night)}",
        repo=repo,
        night=night,
        begin=since,
        end=until,
        cell=cell,
        runs=runs[::-1],
        jobs=by_run,
        suspects=suspects(bad) if bad else None,
        issue=new_issue(repo.url, night, cell.failures, runs) if cell else None,
        failed=cell is not None and cell.state == FAILED_STATE,
        before=night - timedelta(days=1),
        after=night + timedelta(days=1) if until <= g.now else None,
    )


def parsed(day: str) -> date | None:
    """Return the date of a path, None if it is none."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return found if 1971 <= found.year <= 9000 else None


class Suspects(NamedTuple):
    """The last good and first bad run around a failure, and the commits between them."""

    good: reads.Run | None
    bad: reads.Run
    commits: list[reads.Commit]
    more: bool
    compare: str | None


def suspects(run: reads.Run) -> Suspects:
    """Return what came between the last good run and the first bad one."""
    good = reads_nights.last_good(store(), run)
    if good is None:
        return Suspects(None, run, [], False, None)
    bad = reads_nights.first_bad(store(), run, good)
    begin, end = commit_time(good), commit_time(bad)
    found = reads_nights.commits_between(store(), run.repoid, begin, end, COMMITS + 1)
    home = shown.https((run.url or "").partition("/actions/")[0])
    compare = f"{home}/compare/{good.commithash}...{bad.commithash}" if home else None
    same = good.commithash == bad.commithash
    return Suspects(
        good, bad, [] if same else found[:COMMITS], len(found) > COMMITS, None if same else compare
    )


def commit_time(run: reads.Run) -> datetime:
    """Return when a run's commit was made, or when the run was where no push brought it."""
    assert run.createtime is not None  # noqa: S101 - the queries chose by it
    found = reads.one_commit(store(), run.repoid, run.commithash or "")
    return run.createtime if found is None or found.time is None else found.time
