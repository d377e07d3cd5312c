"""What a story is, and the setting they share: one repository, one workflow, one commit.

A story's rows are written by hand. A column that is not named is NULL (`tests.equality.written`).
"""

from datetime import datetime
from typing import Any, NamedTuple

from fakegithub.payloads.events import (
    at,
    commit,
    push_event,
    repository,
    run,
    workflow,
    workflow_job_event,
    workflow_run_event,
)
from fakegithub.payloads.templates import Json

Sent = tuple[str, Json]
Rows = dict[str, list[dict[str, object]]]


class Story(NamedTuple):
    """Deliveries in the order they happened, as (event, payload), and the rows they end in."""

    name: str
    deliveries: tuple[Sent, ...]
    rows: Rows


def clock(text: str) -> datetime:
    """Return `HH:MM:SS` of the stories' day as the store keeps it: UTC without zone."""
    hour, minute, second = (int(part) for part in text.split(":"))
    return datetime(2026, 3, 2, hour, minute, second)


def steps(start: str, end: str, tested: str = "success") -> str:
    """Return the stored steps of a job that ran: set up, run tests, complete."""
    start, end = f"2026-03-02 {start}.000000", f"2026-03-02 {end}.000000"
    return (
        f'[{{"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success",'
        f' "starttime": "{start}", "endtime": "{start}"}},'
        f' {{"number": 2, "name": "Run tests", "status": "completed", "conclusion": "{tested}",'
        f' "starttime": "{start}", "endtime": "{end}"}},'
        f' {{"number": 3, "name": "Complete job", "status": "completed", "conclusion": "success",'
        f' "starttime": "{end}", "endtime": "{end}"}}]'
    )


SHA = "c0ffee0000000000000000000000000000000001"
APP = ("github", 591427149)
RUN_ID = 28_150_463_320
RUN_URL = "https://github.com/octo-org/app/actions/runs/28150463320"

HERE = repository(full_name="octo-org/app", id=591427149, pushed_at=at("11:59:00"))
CI = workflow(repository=HERE, id=302_000_001, name="CI")
HEAD = commit(repository=HERE, sha=SHA, message="Add the parser", time=at("11:58:30"))
PUSH: Sent = ("push", push_event(repository=HERE, commits=[HEAD]))


def the_run(updated: str, **values: Any) -> Json:
    """Return the story's run as it is at a time."""
    usual: dict[str, Any] = {"id": RUN_ID, "number": 12, "created_at": at("12:00:00")}
    usual |= {"repository": HERE, "workflow": CI, "head": HEAD, "updated_at": at(updated)}
    return run(**{**usual, **values})


def run_sent(action: str, about: Json, here: Json = HERE) -> Sent:
    """Return the delivery of a run."""
    body = workflow_run_event(action=action, run=about, workflow=CI, repository=here)
    return ("workflow_run", body)


def job_sent(action: str, about: Json, here: Json = HERE) -> Sent:
    """Return the delivery of a job."""
    return ("workflow_job", workflow_job_event(action=action, job=about, repository=here))


REPO_ROWS: Rows = {
    "repos": [
        {
            "gitid": 591427149,
            "name": "octo-org/app",
            "url": "https://github.com/octo-org/app",
            "defaultbranch": "main",
            "private": False,
            "archived": False,
        }
    ],
    "repoaliases": [
        {
            "repoid": APP,
            "name": "octo-org/app",
            "firstseen": clock("11:59:00"),
            "lastseen": clock("11:59:00"),
        }
    ],
}
FLOW_ROWS: Rows = {
    "workflows": [
        {
            "gitid": 302000001,
            "name": "CI",
            "url": "https://github.com/octo-org/app/blob/main/.github/workflows/ci.yml",
            "repo": "octo-org/app",
            "repoid": APP,
            "path": ".github/workflows/ci.yml",
            "state": "active",
        }
    ]
}
COMMIT_ROW: dict[str, object] = {
    "hash": SHA,
    "author": "Mona Lisa",
    "message": "Add the parser",
    "time": clock("11:58:30"),
    "repo": "octo-org/app",
    "repoid": APP,
    "authorlogin": "octocat",
    "url": "https://github.com/octo-org/app/commit/c0ffee0000000000000000000000000000000001",
}
PUSH_ROWS: Rows = {
    "branches": [
        {
            "name": "main",
            "author": "Mona Lisa",
            "repo": "octo-org/app",
            "repoid": APP,
            "headhash": SHA,
        }
    ],
    "commits": [COMMIT_ROW],
}
RUN_ROW: dict[str, object] = {
    "gitid": 28150463320,
    "author": "octocat",
    "createtime": clock("12:00:00"),
    "url": RUN_URL,
    "branchname": "main",
    "commithash": SHA,
    "workflowname": "CI",
    "repo": "octo-org/app",
    "repoid": APP,
    "attempt": 1,
    "runnumber": 12,
    "event": "push",
    "title": "Add the parser",
    "workflowgitid": 302000001,
    "triggeredby": "octocat",
}
ATTEMPT_ROW: dict[str, object] = {
    "repoid": APP,
    "rungitid": 28150463320,
    "attempt": 1,
    "createtime": clock("12:00:00"),
    "triggeredby": "octocat",
}
JOB_ROW: dict[str, object] = {
    "repoid": APP,
    "rungitid": 28150463320,
    "attempt": 1,
    "name": "build",
    "os": "Linux",
    "labels": '["ubuntu-latest"]',
    "runnergroup": "GitHub Actions",
    "workflowname": "CI",
    "branchname": "main",
    "commithash": SHA,
    "repo": "octo-org/app",
    "clockanomaly": False,
    "latestart": False,
}
