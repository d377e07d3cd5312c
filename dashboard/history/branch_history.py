"""`/branch?repo=&branch=`: one branch, its commits by jobs, and its runs."""

from flask import Blueprint, abort

from dashboard.history import shown_history
from dashboard.web import filters
from dashboard.web.request import store
from store.history import newest_runs

TITLE = shown_history.TITLE
blueprint = Blueprint("branch", __name__)


@blueprint.get("/branch")
def show() -> str:
    """Return a branch's page; `head` names a fork whose branch it is."""
    repo, branch, head = (
        shown_history.read_repo(),
        shown_history.needed("branch"),
        filters.text("head") or None,
    )
    runs = newest_runs.list_branch_runs(store(), repo.Id, branch, shown_history.RUNS, head)
    if not runs:
        abort(404, f"No run of branch {branch} of {head or repo.name} is stored.")
    crumbs = [shown_history.repo_crumb(repo)]
    facts = [f"of {head}"] if head else []
    facts += ["the default branch"] if branch == repo.defaultbranch and not head else []
    grid = shown_history.draw_grid_of(runs[: shown_history.LISTED])
    return shown_history.render_history(branch, "Branch", runs, crumbs, grid=grid, facts=facts)
