"""A job as GraphQL tells it, a `CheckRun` with its steps -> jobs, and stubs of run and attempt.

GraphQL does not know when a job was created (nor, so, how long it waited), its labels, its runner
and its attempt. Such a row has a version below that of every other record of the job.
https://docs.github.com/graphql/reference/objects#checkrun
"""

import re
from typing import Any

from rows import Row, fields, version
from rows.github.job import job_rows
from rows.source_record import Payload, Repository

AT, RUN_AT = "check_run", "workflow_run"
PAGE = re.compile(r"(.+/actions/runs/([0-9]{1,18})/job/([0-9]{1,18}))(?:[?#].*)?")
"""A job's page. `databaseId` is an Int of 32 bits, which ids passed long ago."""


def listed_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return a job's rows, given its run as REST lists it; nothing for what is no job of it.

    Others may hang their checks on a run's suite: those have pages elsewhere. What a re-run copied
    began before it; only REST tells that well.
    """
    check, run = (fields.key(fields.child, payload, key, "payload") for key in (AT, RUN_AT))
    page = PAGE.fullmatch(fields.text(check, "detailsUrl", AT) or "")
    if page is None or int(page[2]) != fields.key(fields.number, run, "id", RUN_AT):
        return []
    attempt = fields.strict(fields.number, run, "run_attempt", RUN_AT, fields.BIGGEST_INT) or 1
    began = fields.moment(run, "run_started_at", RUN_AT)
    started = fields.moment(check, "startedAt", AT)
    if attempt > 1 and began and started and started < began:
        return []
    rows = job_rows(as_job(check, run, page), repo)
    for row in rows:
        if row.table == "jobs":
            full = row.values["version"]
            assert isinstance(full, bytes)  # noqa: S101 - job_row makes it
            row.values["version"] = version.outline(full)
    return rows


def as_job(check: Payload, run: Payload, page: re.Match[str]) -> dict[str, Any]:
    """Return a check run in the shape of a `workflow_job`, without what GraphQL cannot know."""
    steps = fields.child(check, "steps", AT) or {}
    return {
        "id": int(page[3]),
        "run_id": run["id"],
        "run_attempt": run.get("run_attempt"),
        "html_url": page[1],
        "head_branch": run.get("head_branch"),
        "head_sha": run.get("head_sha"),
        "steps": [as_step(step) for step in fields.children(steps, "nodes", f"{AT}.steps")],
        **as_step(check),
    }


def as_step(told: Payload) -> dict[str, Any]:
    """Return what a job and a step have in common, as REST words it."""
    return {
        "number": told.get("number"),
        "name": told.get("name"),
        "status": lowered(told.get("status")),
        "conclusion": lowered(told.get("conclusion")),
        "started_at": told.get("startedAt"),
        "completed_at": told.get("completedAt"),
    }


def lowered(word: Any) -> Any:
    """Return one of GraphQL's words as REST has it."""
    return word.lower() if isinstance(word, str) else word
