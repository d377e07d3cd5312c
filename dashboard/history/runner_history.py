"""`/runner?name=`: what a runner did last."""

import json

from flask import Blueprint, abort, g

from dashboard.history import shown_history
from dashboard.web.request import store
from store.history import newest_jobs

TITLE = shown_history.TITLE
blueprint = Blueprint("runner", __name__)
SECONDS = 0.15


@blueprint.get("/runner")
def show() -> str:
    """Return a runner's page."""
    name = shown_history.needed("name")
    own, limit = newest_jobs.of_runner(name), shown_history.RUNS
    listed = newest_jobs.list_jobs_where(store(), own, limit, g.now, SECONDS)
    if not listed.jobs:
        since = f" created since {listed.since:%Y-%m-%d}" if listed.since else ""
        abort(404, f"No job{since} ran on a runner called {name}.")
    newest = listed.jobs[0]
    labels = ", ".join(json.loads(newest.labels)) if newest.labels else ""
    facts = [newest.os, newest.runnergroup and f"group {newest.runnergroup}", labels]
    return shown_history.render_history(
        name, "Runner", listed.jobs, [], facts=[fact for fact in facts if fact],
        searched=listed.since if len(listed.jobs) < shown_history.RUNS else None,
    )  # fmt: skip
