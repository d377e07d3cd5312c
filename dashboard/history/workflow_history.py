"""`/workflow?repo=&workflow=` (or `workflowgitid=`): one workflow, its runs and its jobs."""

from collections import defaultdict
from typing import NamedTuple

from flask import Blueprint

from dashboard.history import shown_history
from dashboard.view import history_figures
from dashboard.view.history_figures import HistoryFigures
from dashboard.web import filters, links
from dashboard.web.request import site, store
from rows.sources import UNNAMED
from store.history import newest_jobs
from store.history.newest_jobs import JobEnd

TITLE = shown_history.TITLE
blueprint = Blueprint("workflow", __name__)
LOOKED_AT = 30
"""Runs whose jobs are counted."""


class JobPart(NamedTuple):
    """A job of a workflow, and its page: that of the workflow, where it has no name."""

    name: str
    url: str
    figures: HistoryFigures


@blueprint.get("/workflow")
def show() -> str:
    """Return a workflow's page."""
    branch = filters.text("branch") or None
    flow = shown_history.read_workflow(shown_history.RUNS, branch)
    repo = flow.repo
    crumbs = [shown_history.repo_crumb(repo)]
    if branch:
        crumbs.append((f"branch {branch}", links.branch_page(repo.Id, repo.name, branch)))
    if not branch and not site().is_static:
        crumbs.append(("badge", links.badge(repo.Id, repo.name, flow.gitid, flow.label)))
    jobs: dict[str, list[JobEnd]] = defaultdict(list)
    keys = [run.key for run in flow.runs[:LOOKED_AT]]
    for job in shown_history.newest_first(newest_jobs.list_jobs_of(store(), keys)):
        jobs[job.name or ""].append(job)
    parts = [
        JobPart(
            name or UNNAMED,
            links.job_page(repo.Id, repo.name, flow.gitid, flow.label, name),
            history_figures.read_figures(ends),
        )
        for name, ends in sorted(jobs.items())
    ]
    return shown_history.render_history(
        flow.label, "Workflow", flow.runs, crumbs, parts=parts, looked_at=len(keys)
    )
