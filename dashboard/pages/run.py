"""`/runs/PROVIDER/ID`: one run with its attempts, jobs, steps and the deliveries that made it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from flask import Blueprint, abort, g

from dashboard.view.shown_changes import list_job_changes
from dashboard.view.timeline import draw_timeline
from dashboard.web import names
from dashboard.web.request import render_page, site, store
from store.history import neighbour_runs, newest_runs, run_family
from store.reads import deliveries, failures, runs
from store.reads.failures import FailureReason
from store.reads.runs import Job
from store.state import acknowledgements, error_issues

TITLE = "Runs"
blueprint = Blueprint("run", __name__)
MOST_SAID = 5


class SaidError(NamedTuple):
    """An error that jobs of a run say, and how many of them."""

    fingerprint: str
    message: str
    jobs: int


def list_said(
    reasons: Mapping[tuple[str, int], Sequence[FailureReason]], jobs: Iterable[Job]
) -> list[SaidError]:
    """Return what failed jobs say first, that of most jobs first."""
    messages, counts = dict[str, str](), Counter[str]()
    for job in jobs:
        first = next(iter(reasons.get((job.provider, job.gitid), ())), None)
        if first is not None and first.fingerprint and first.message:
            messages.setdefault(first.fingerprint, first.message)
            counts[first.fingerprint] += 1
    return [
        SaidError(fingerprint, messages[fingerprint], number)
        for fingerprint, number in counts.most_common(MOST_SAID)
    ]


@blueprint.get("/runs/<path:provider>/<int:gitid>")
def show(provider: str, gitid: int) -> str:
    """Return a run's page, its newest attempt first."""
    run = runs.find_run(store(), (provider, gitid)) if gitid < 2**63 else None
    if run is None or run.repo is None:
        abort(404, f"No run {gitid} of {provider} is stored.")
    attempts = runs.list_attempts(store(), run.key)
    jobs = runs.list_jobs(store(), [run.key])
    numbers = sorted(
        {one.attempt for one in attempts} | {job.attempt or 1 for job in jobs}, reverse=True
    )
    by_number = {one.attempt: one for one in attempts}
    shown = [
        (
            number,
            by_number.get(number),
            draw_timeline([job for job in jobs if (job.attempt or 1) == number], g.now),
        )
        for number in numbers
    ]
    newest = [job for job in jobs if (job.attempt or 1) == numbers[0]] if numbers else []
    reasons = failures.with_copies(failures.read_reasons(store(), [run.key]), jobs)
    said = list_said(reasons, newest)
    prints = [one.fingerprint for one in said]
    label = names.label_runs([run])[run.repoid, run.workflow]
    return render_page(
        "run.html",
        f"{label} #{run.runnumber or run.gitid} · {names.repo_label(run.repoid, run.repo)}",
        run=run,
        label=label,
        parent=run_family.find_parent(store(), run),
        children=run_family.list_children(store(), [run]),
        pull=newest_runs.find_pull_request(store(), run),
        workflow_state=runs.find_workflow_state(store(), run.key),
        near=neighbour_runs.find_neighbours(store(), run),
        night=None if run.createtime is None else site().calendar.night(run.createtime),
        attempts=shown,
        commit=runs.find_commit(store(), run.repoid, run.commithash or ""),
        changes=list_job_changes(store(), newest),
        reasons=reasons,
        said=said,
        issues=error_issues.read_issues(store(), prints),
        acknowledged=acknowledgements.list_current(store(), prints, g.now),
        run_deliveries=deliveries.list_deliveries(store(), run),
    )
