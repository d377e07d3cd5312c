"""`/job?repo=&workflow=&job=`: one job of a workflow over its newest runs."""

from flask import Blueprint, abort, g

from dashboard.history import shown_history
from dashboard.web import filters, links
from dashboard.web.request import store
from rows.counted import counted
from store.history import newest_jobs
from store.history.newest_jobs import JobEnd
from store.reads import failures

TITLE = shown_history.TITLE
blueprint = Blueprint("job", __name__)
LOOKED_AT = 200
"""Runs whose jobs of the name are looked for."""
SECONDS = 0.15
"""For a look at older ones, where those have none."""


@blueprint.get("/job")
def show() -> str:
    """Return a job's page."""
    branch = filters.text("branch") or None
    flow = shown_history.read_workflow(LOOKED_AT, branch)
    keys = [run.key for run in flow.runs]
    since = None

    def find(name: str) -> list[JobEnd]:
        """Return its jobs of the newest runs, else older ones: old runs lead here, too."""
        nonlocal since
        if newest := newest_jobs.list_jobs_of(store(), keys, name):
            return [job for job in newest if job.name == name] or newest
        own = newest_jobs.of_workflow(flow.repo.Id, flow.key, name, branch)
        older = newest_jobs.list_jobs_where(store(), own, LOOKED_AT, g.now, SECONDS)
        since = older.since
        return older.jobs

    name, of_name = shown_history.find_named("job", find)
    ends = shown_history.newest_first(of_name)
    if not ends:
        abort(
            404, f"None of the last {counted(len(keys), 'run')} of {flow.label} has a job {name}."
        )
    repo = flow.repo
    page = links.workflow_page(repo.Id, repo.name, flow.gitid, flow.label)
    crumbs = [shown_history.repo_crumb(repo), (f"workflow {flow.label}", page)]
    if branch:
        crumbs.append((f"branch {branch}", links.branch_page(repo.Id, repo.name, branch)))
    failed = [end.run_key for end in ends[: shown_history.LISTED] if end.failedstep]
    return shown_history.render_history(
        ends[0].name or name,
        "Job",
        ends,
        crumbs,
        reasons=failures.read_reasons(store(), dict.fromkeys(failed)),
        looked_at=None if since else len(keys),
        searched=since,
    )
