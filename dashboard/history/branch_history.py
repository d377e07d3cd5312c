"""`/branch?repo=&branch=`: one branch, its commits by jobs, and its runs."""

from flask import Blueprint, abort

from dashboard.history import shown_history
from dashboard.web import filters
from dashboard.web.request import store
from store.history import newest_runs
from store.reads.runs import Run

TITLE = shown_history.TITLE
blueprint = Blueprint("branch", __name__)


@blueprint.get("/branch")
def show() -> str:
    """Return a branch's page; `head` names a fork whose branch it is."""
    repo, head = shown_history.read_repo(), filters.text("head") or None

    def find(name: str) -> list[Run]:
        return newest_runs.list_branch_runs(store(), repo.Id, name, shown_history.RUNS, head)

    branch, runs = shown_history.find_named("branch", find)
    if not runs:
        abort(404, f"No run of branch {branch} of {head or repo.name} is stored.")
    crumbs = [shown_history.repo_crumb(repo)]
    facts = [f"of {head}"] if head else []
    facts += ["the default branch"] if branch == repo.defaultbranch and not head else []
    grid = shown_history.draw_grid_of(runs[: shown_history.LISTED])
    return shown_history.render_history(branch, "Branch", runs, crumbs, grid=grid, facts=facts)
