"""`/runner?name=`: what a runner did last."""

import json

from flask import Blueprint, abort, g

from dashboard.history import shown_history
from dashboard.web.request import store
from store.history import newest_jobs
from store.history.newest_jobs import JobEnd

TITLE = shown_history.TITLE
blueprint = Blueprint("runner", __name__)
SECONDS = 0.15


@blueprint.get("/runner")
def show() -> str:
    """Return a runner's page."""
    since = None

    def find(name: str) -> list[JobEnd]:
        nonlocal since
        own, limit = newest_jobs.of_runner(name), shown_history.RUNS
        listed = newest_jobs.list_jobs_where(store(), own, limit, g.now, SECONDS)
        since = listed.since
        return listed.jobs

    name, ends = shown_history.find_named("name", find)
    if not ends:
        told = f" created since {since:%Y-%m-%d}" if since else ""
        abort(404, f"No job{told} ran on a runner called {name}.")
    newest = ends[0]
    labels = ", ".join(json.loads(newest.labels)) if newest.labels else ""
    facts = [newest.os, newest.runnergroup and f"group {newest.runnergroup}", labels]
    return shown_history.render_history(
        name, "Runner", ends, [], facts=[fact for fact in facts if fact],
        searched=since if len(ends) < shown_history.RUNS else None,
    )  # fmt: skip
