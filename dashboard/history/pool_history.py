"""`/pool?labels=&group=`: what a pool of runners does each day, and did last."""

import json

from flask import Blueprint, abort, g

from dashboard.history import shown_history
from dashboard.web import filters
from dashboard.web.filters import BadFilter
from dashboard.web.request import store
from store.history import newest_jobs

TITLE = shown_history.TITLE
blueprint = Blueprint("pool", __name__)
SECONDS = 0.15


@blueprint.get("/pool")
def show() -> str:
    """Return a pool's page. Raises BadFilter."""
    labels, limit = read_labels(), shown_history.RUNS
    for group in filters.spellings("group") or [""]:
        within = newest_jobs.of_pool(labels, group)
        listed = newest_jobs.list_jobs_where(store(), within, limit, g.now, SECONDS)
        if listed.jobs:
            break
    name = f"{', '.join(labels) or 'no labels'}{f' ({group})' if group else ''}"
    if not listed.jobs:
        since = f" created since {listed.since:%Y-%m-%d}" if listed.since else ""
        abort(404, f"No job{since} ran on runners of {name}.")
    runners = {job.runnername for job in listed.jobs if job.runnername}
    systems = {job.os for job in listed.jobs if job.os}
    several = f"{len(runners)} runners" if len(runners) > 1 else ""
    return shown_history.render_history(
        name, "Runner pool", listed.jobs, [("All pools", "/pools")],
        facts=[*sorted(systems), *filter(None, [several])],
        searched=listed.since if len(listed.jobs) < limit else None,
    )  # fmt: skip


def read_labels() -> list[str]:
    """Return the labels of the URL: a JSON list, or words with commas. Raises BadFilter."""
    text = filters.text("labels")
    if not text.startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        labels = json.loads(text)
    except ValueError:
        labels = None
    if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
        raise BadFilter('labels is a list like ubuntu-latest, big, or ["ubuntu-latest", "big"].')
    return labels
