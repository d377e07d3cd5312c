"""A repository renamed and transferred while it is watched; another then takes its old name."""

from datetime import datetime
from typing import Any

from fakegithub.payloads.events import (
    at,
    commit,
    job,
    push_event,
    repository,
    repository_event,
    run,
    workflow,
    workflow_job_event,
    workflow_run_event,
)
from fakegithub.payloads.templates import Json, user
from tests.stories.story import APP, COMMIT_ROW, HEAD, HERE, SHA, Story, clock, steps

CORE = repository(full_name="octo-org/core", id=591427149, updated_at=at("13:00:00"))
ACME = repository(full_name="acme/core", id=591427149, updated_at=at("14:00:00"))
HEIR = repository(full_name="octo-org/app", id=700_000_002, pushed_at=at("15:00:00"))
HEIRS = ("github", 700000002)
HEIRS_SHA = "abcd000000000000000000000000000000000003"
HEIRS_HEAD = commit(repository=HEIR, sha=HEIRS_SHA, message="Begin", time=at("14:59:00"))

EARLY, LATE = 28_150_463_401, 28_150_463_402


def run_sent(action: str, here: Json, gitid: int, updated: str, **values: Any) -> tuple[str, Json]:
    """Return the delivery of a run as its repository is called at the time."""
    flow = workflow(repository=here, id=302_000_001)
    about = run(
        repository=here, workflow=flow, id=gitid, head=HEAD, updated_at=at(updated), **values
    )
    body = workflow_run_event(action=action, run=about, workflow=flow, repository=here)
    return ("workflow_run", body)


def job_sent(action: str, here: Json, gitid: int, **values: Any) -> tuple[str, Json]:
    """Return the delivery of a run's job as its repository is called at the time."""
    flow = workflow(repository=here, id=302_000_001)
    about = run(repository=here, workflow=flow, id=gitid, head=HEAD)
    body = job(run=about, id=gitid + 1_000_000, **values)
    return ("workflow_job", workflow_job_event(action=action, job=body, repository=here))


RENAMED = repository_event(
    action="renamed", repository=CORE, changes={"repository": {"name": {"from": "app"}}}
)
TRANSFERRED = repository_event(
    action="transferred",
    repository=ACME,
    changes={"owner": {"from": {"organization": user("octo-org", kind="Organization")}}},
)
ENDED = {"status": "completed", "conclusion": "success"}

DELIVERIES = (
    ("push", push_event(repository=HERE, commits=[HEAD])),
    run_sent("requested", HERE, EARLY, "12:00:00", number=1),
    job_sent("queued", HERE, EARLY, created_at=at("12:00:02")),
    ("repository", RENAMED),
    # The job ended before the rename, and the delivery is late: it knows the old name only.
    job_sent(
        "completed",
        HERE,
        EARLY,
        created_at=at("12:00:02"),
        started_at=at("12:00:08"),
        completed_at=at("12:01:08"),
    ),
    run_sent("completed", CORE, EARLY, "13:00:10", number=1, **ENDED),
    ("repository", TRANSFERRED),
    run_sent("requested", ACME, LATE, "14:10:00", number=2, created_at=at("14:10:00")),
    ("repository", repository_event(action="created", repository=HEIR)),
    ("push", push_event(repository=HEIR, commits=[HEIRS_HEAD])),
)


def alias(repoid: tuple[str, int], name: str, first: datetime, last: datetime) -> dict[str, object]:
    return {"repoid": repoid, "name": name, "firstseen": first, "lastseen": last}


OURS = {"repo": "acme/core", "repoid": APP}
PAGE = "https://github.com/acme/core"
RUN_ROW: dict[str, object] = {
    **OURS,
    "author": "octocat",
    "branchname": "main",
    "commithash": SHA,
    "workflowname": "CI",
    "attempt": 1,
    "event": "push",
    "title": "Add the parser",
    "workflowgitid": 302000001,
    "triggeredby": "octocat",
}
EARLY_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:00:08"),
    "endtime": clock("12:01:08"),
    "queuetime": 8,
    "runtime": 60.0,
    "triggeredby": "octocat",
    "updatetime": clock("13:00:10"),
}
LATE_TIMES = {
    "status": "queued",
    "triggeredby": "octocat",
    "updatetime": clock("14:10:00"),
}
RENAMING = Story(
    "renamed and transferred, then another took the name",
    DELIVERIES,
    {
        "repos": [
            {
                "gitid": 591427149,
                "name": "acme/core",
                "url": PAGE,
                "defaultbranch": "main",
                "private": False,
                "archived": False,
            },
            {
                "gitid": 700000002,
                "name": "octo-org/app",
                "url": "https://github.com/octo-org/app",
                "defaultbranch": "main",
                "private": False,
                "archived": False,
            },
        ],
        "repoaliases": [
            alias(APP, "octo-org/app", clock("11:59:00"), clock("13:00:00")),
            alias(APP, "octo-org/core", clock("13:00:00"), clock("14:00:00")),
            alias(APP, "acme/core", clock("14:00:00"), clock("14:00:00")),
            alias(HEIRS, "octo-org/app", clock("15:00:00"), clock("15:00:00")),
        ],
        "branches": [
            {**OURS, "name": "main", "author": "Mona Lisa", "headhash": SHA},
            {
                "name": "main",
                "author": "Mona Lisa",
                "repo": "octo-org/app",
                "repoid": HEIRS,
                "headhash": HEIRS_SHA,
            },
        ],
        "commits": [
            {**COMMIT_ROW, **OURS, "url": f"{PAGE}/commit/{SHA}"},
            {
                **COMMIT_ROW,
                "hash": HEIRS_SHA,
                "message": "Begin",
                "time": clock("14:59:00"),
                "repoid": HEIRS,
                "url": f"https://github.com/octo-org/app/commit/{HEIRS_SHA}",
            },
        ],
        "workflows": [
            {
                **OURS,
                "gitid": 302000001,
                "name": "CI",
                "url": f"{PAGE}/blob/main/.github/workflows/ci.yml",
                "path": ".github/workflows/ci.yml",
                "state": "active",
            }
        ],
        "workflowruns": [
            {
                **RUN_ROW,
                **EARLY_TIMES,
                "gitid": 28150463401,
                "createtime": clock("12:00:00"),
                "url": f"{PAGE}/actions/runs/28150463401",
                "runnumber": 1,
                "os": "Linux",
            },
            {
                **RUN_ROW,
                **LATE_TIMES,
                "gitid": 28150463402,
                "createtime": clock("14:10:00"),
                "url": f"{PAGE}/actions/runs/28150463402",
                "runnumber": 2,
            },
        ],
        "runattempts": [
            {
                **EARLY_TIMES,
                "repoid": APP,
                "rungitid": 28150463401,
                "attempt": 1,
                "createtime": clock("12:00:00"),
            },
            {
                **LATE_TIMES,
                "repoid": APP,
                "rungitid": 28150463402,
                "attempt": 1,
                "createtime": clock("14:10:00"),
            },
        ],
        "jobs": [
            {
                **OURS,
                "gitid": 28151463401,
                "rungitid": 28150463401,
                "attempt": 1,
                "name": "build",
                "status": "completed",
                "conclusion": "success",
                "createtime": clock("12:00:02"),
                "starttime": clock("12:00:08"),
                "endtime": clock("12:01:08"),
                "queuetime": 6,
                "runtime": 60.0,
                "os": "Linux",
                "labels": '["ubuntu-latest"]',
                "runnername": "GitHub Actions 402",
                "runnergroup": "GitHub Actions",
                "url": f"{PAGE}/actions/runs/28150463401/job/28151463401",
                "workflowname": "CI",
                "branchname": "main",
                "commithash": SHA,
                "clockanomaly": False,
                "latestart": False,
                "steps": steps("12:00:08", "12:01:08"),
            }
        ],
    },
)
