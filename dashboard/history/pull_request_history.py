"""`/pr/N`: a pull or merge request's commits by jobs, and its runs; `repo` says whose."""

from flask import Blueprint, abort

from dashboard.history import shown_history
from dashboard.view.formats import pull_kind, pull_number
from dashboard.web import links, names
from dashboard.web.request import render_page, store
from store.history import newest_runs
from store.reads import runs as reads

TITLE = shown_history.TITLE
blueprint = Blueprint("pull_request", __name__)
BIGGEST = 2**31 - 1


@blueprint.get("/pr/<int:number>")
def show(number: int) -> str:
    """Return a pull request's page, or the repositories that have one of this number."""
    repoid = names.read_repo()
    known = newest_runs.list_pull_repos(store(), number) if number <= BIGGEST else []
    if repoid is None and len(known) > 1:
        pulls = [
            (
                names.repo_label(repo.Id, repo.name),
                links.pull_page(repo.Id, repo.name, number),
                pull_number(number, repo.provider),
            )
            for repo in known
        ]
        kinds = {pull_kind(repo.provider): pull_number(number, repo.provider) for repo in known}
        heading = " and ".join(f"{kind}s {mark}" for kind, mark in sorted(kinds.items()))
        marks = ", ".join(sorted({mark for _, _, mark in pulls}))
        return render_page("pull_requests.html", marks, heading=heading, pulls=pulls)
    if repoid is None and known:
        repoid = known[0].Id
    repo = None if repoid is None else reads.find_repo_by_id(store(), repoid)
    runs = []
    if repo is not None and number <= BIGGEST:
        runs = newest_runs.list_pull_runs(store(), repo.Id, number, shown_history.RUNS)
    if repo is None or not runs:
        abort(404, f"No run of pull request {number} is stored.")
    crumbs = [shown_history.repo_crumb(repo)]
    if named := [run for run in runs if run.branchname]:  # lists of GitLab name none
        newest = named[0]
        branch = links.branch_page(repo.Id, repo.name, newest.branchname, newest.headrepo)
        crumbs.append((f"branch {newest.branchname}", branch))
    heading, kind = pull_number(number, repo.provider), pull_kind(repo.provider).capitalize()
    return shown_history.render_history(
        heading, kind, runs, crumbs, grid=shown_history.draw_grid_of(runs)
    )
