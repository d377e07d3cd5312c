"""The least GitHub sends, as far as rows read it: one object of each kind, to be changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fakegithub.payloads.templates import Json
from rows import Mapped, Row, Unmappable
from rows.github import events

SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
NOON = datetime(2026, 3, 2, 12)

REPOSITORY: Json = {
    "id": 7,
    "full_name": "octo-org/app",
    "html_url": "https://github.com/octo-org/app",
    "default_branch": "main",
    "private": False,
    "archived": False,
    "pushed_at": "2026-03-02T12:00:00Z",
    "updated_at": "2026-03-01T00:00:00Z",
}
WORKFLOW: Json = {
    "id": 30,
    "name": "CI",
    "path": ".github/workflows/ci.yml",
    "state": "active",
    "html_url": "https://github.com/octo-org/app/blob/main/.github/workflows/ci.yml",
    "updated_at": "2026-01-01T00:00:00.000Z",
}
RUN: Json = {
    "id": 2**40 + 1,
    "name": "CI",
    "workflow_id": 30,
    "run_number": 5,
    "run_attempt": 1,
    "event": "push",
    "status": "completed",
    "conclusion": "success",
    "head_branch": "main",
    "head_sha": SHA,
    "display_title": "Add a thing",
    "html_url": "https://github.com/octo-org/app/actions/runs/1099511627777",
    "actor": {"login": "mona"},
    "triggering_actor": {"login": "octocat"},
    "created_at": "2026-03-02T12:00:00Z",
    "run_started_at": "2026-03-02T12:00:01Z",
    "updated_at": "2026-03-02T12:05:00Z",
}
JOB: Json = {
    "id": 2**41 + 1,
    "run_id": 2**40 + 1,
    "run_attempt": 1,
    "workflow_name": "CI",
    "head_branch": "main",
    "head_sha": SHA,
    "html_url": "https://github.com/octo-org/app/actions/runs/1099511627777/job/2199023255553",
    "name": "build (3.12)",
    "status": "completed",
    "conclusion": "success",
    "created_at": "2026-03-02T12:00:02Z",
    "started_at": "2026-03-02T12:00:09Z",
    "completed_at": "2026-03-02T12:04:00Z",
    "labels": ["ubuntu-latest"],
    "runner_id": 12,
    "runner_name": "GitHub Actions 12",
    "runner_group_id": 0,
    "runner_group_name": "GitHub Actions",
    "steps": [],
}
NO_RUNNER: Json = {
    "runner_id": 0,
    "runner_name": "",
    "runner_group_id": 0,
    "runner_group_name": "",
    "steps": [],
}
NULL_RUNNER: Json = {**dict.fromkeys(NO_RUNNER), "steps": []}
QUEUED: Json = {
    **NULL_RUNNER,
    "status": "queued",
    "conclusion": None,
    "started_at": JOB["created_at"],
    "completed_at": None,
}
RUNNING: Json = {"status": "in_progress", "conclusion": None, "completed_at": None}
SKIPPED: Json = {
    **NULL_RUNNER,
    "conclusion": "skipped",
    "labels": [],
    "started_at": JOB["created_at"],
    "completed_at": JOB["created_at"],
}
COPIED: Json = {
    **NO_RUNNER,
    "run_attempt": 2,
    "created_at": "2026-03-02T14:00:00Z",
}  # its start and end are those of the first attempt, before it was created
COMMIT: Json = {
    "id": SHA,
    "message": "Add a thing",
    "timestamp": "2026-03-02T13:00:00+01:00",
    "author": {"name": "Mona Lisa", "email": "mona@example.org", "username": "mona"},
}
PUSH: Json = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": SHA,
    "created": True,
    "deleted": False,
    "commits": [COMMIT],
    "head_commit": COMMIT,
}


def at(clock: str) -> datetime:
    """Return a time of the day all of it happens."""
    return datetime.fromisoformat(f"2026-03-02T{clock}")


def mapped(event: str, parts: Json, **repository: Any) -> Mapped:
    """Return what a delivery of `parts` says; its repository may be changed."""
    return events.rows_for(event, {**parts, "repository": {**REPOSITORY, **repository}})


def of_table(found: Mapped, table: str) -> list[dict[str, Any]]:
    """Return the values of the rows of one table."""
    return [row.values for row in found.rows if row.table == table]


def only(found: Mapped, table: str) -> dict[str, Any]:
    """Return the values of the only row of a table."""
    (values,) = of_table(found, table)
    return values


def tables(found: Mapped) -> list[str]:
    """Return the tables of the rows but the aliases, which every payload brings."""
    return [row.table for row in found.rows if row.table != "repoaliases"]


def run_rows(**changes: Any) -> Mapped:
    """Return what a `workflow_run` event says of a changed run."""
    return mapped("workflow_run", {"workflow_run": {**RUN, **changes}, "workflow": WORKFLOW})


def attempt(**changes: Any) -> dict[str, Any]:
    """Return the attempt of a changed run."""
    return only(run_rows(**changes), "runattempts")


def run(**changes: Any) -> dict[str, Any]:
    """Return the run of a changed run."""
    return only(run_rows(**changes), "workflowruns")


def job_rows(**changes: Any) -> Mapped:
    """Return what a `workflow_job` event says of a changed job."""
    return mapped("workflow_job", {"workflow_job": {**JOB, **changes}})


def job(**changes: Any) -> dict[str, Any]:
    """Return the row of a changed job."""
    return only(job_rows(**changes), "jobs")


def without(source: Json, *keys: str) -> Json:
    """Return an object without some of its keys."""
    return {key: value for key, value in source.items() if key not in keys}


def unversioned(rows: list[Row] | tuple[Row, ...]) -> list[Row]:
    """Return rows without their versions."""
    return [Row(row.table, without(row.values, "version")) for row in rows]


def unread(say: Callable[[], Mapped]) -> list[str]:
    """Return the fields that a payload names as unreadable, by a note or because it is refused."""
    try:
        return [note.partition(": ")[0] for note in say().notes]
    except Unmappable as refused:
        return [refused.field]
