"""Runs that do not go their usual way: cancelled, gated, held for approval, skipped."""

from fakegithub.payloads.events import (
    at,
    commit,
    deployment,
    job,
    repository,
    workflow_job_event,
)
from tests.stories.plain import BUILD, QUEUED, SUCCESS
from tests.stories.story import (
    ATTEMPT_ROW,
    FLOW_ROWS,
    HERE,
    JOB_ROW,
    REPO_ROWS,
    RUN_ROW,
    RUN_URL,
    Story,
    clock,
    job_sent,
    run_sent,
    steps,
    the_run,
)

BUILD_ROW = SUCCESS.rows["jobs"][0]

CANCELLED_TIMES = {
    "status": "completed",
    "conclusion": "cancelled",
    "endtime": clock("12:05:00"),
    "updatetime": clock("12:05:01"),
}
CANCELLED = Story(
    "cancelled while queued",
    (
        run_sent("requested", QUEUED),
        job_sent("queued", job(**BUILD)),
        job_sent("completed", job(**BUILD, completed_at=at("12:05:00"), conclusion="cancelled")),
        run_sent("completed", the_run("12:05:01", status="completed", conclusion="cancelled")),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **CANCELLED_TIMES}],
        "runattempts": [{**ATTEMPT_ROW, **CANCELLED_TIMES}],
        "jobs": [
            {
                **JOB_ROW,
                "gitid": 83456000001,
                "status": "completed",
                "conclusion": "cancelled",
                "createtime": clock("12:00:02"),
                "endtime": clock("12:05:00"),
                "runnergroup": None,
                "url": f"{RUN_URL}/job/83456000001",
                "steps": "[]",
            }
        ],
    },
)

GATED_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:30:08"),
    "endtime": clock("12:31:08"),
    "queuetime": 1808,
    "runtime": 60.0,
    "updatetime": clock("12:31:09"),
}


def gated_sent(action: str, status: str, updated: str) -> tuple[str, dict[str, object]]:
    """Return the delivery of the gated job: queued and waiting differ in nothing but this."""
    held = job(**BUILD, status=status)
    gate = deployment(repository=HERE, environment="production", job=held, updated_at=at(updated))
    body = workflow_job_event(action=action, job=held, repository=HERE, deployment=gate)
    return ("workflow_job", body)


GATED = Story(
    "approval gate",
    (
        run_sent("requested", QUEUED),
        gated_sent("queued", "queued", "12:00:02"),
        gated_sent("waiting", "waiting", "12:00:03"),
        gated_sent("queued", "queued", "12:30:00"),
        job_sent("in_progress", job(**BUILD, started_at=at("12:30:08"))),
        run_sent("in_progress", the_run("12:30:08", status="in_progress")),
        job_sent("completed", job(**BUILD, started_at=at("12:30:08"), completed_at=at("12:31:08"))),
        run_sent("completed", the_run("12:31:09", status="completed", conclusion="success")),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **GATED_TIMES, "os": "Linux"}],
        "runattempts": [{**ATTEMPT_ROW, **GATED_TIMES}],
        "jobs": [
            {
                **BUILD_ROW,
                "starttime": clock("12:30:08"),
                "endtime": clock("12:31:08"),
                "queuetime": 1806,
                "runtime": 60.0,
                "gated": True,
                "steps": steps("12:30:08", "12:31:08"),
            }
        ],
    },
)

# A stranger's first pull request ends at once and runs once a maintainer agrees, as attempt 1.
FORK = repository(full_name="mona/app", id=700_000_001, owner_type="User", fork=True)
PATCH = commit(repository=FORK, sha="f" * 40, message="Fix a typo", time=at("11:50:00"))
STRANGER = {
    "event": "pull_request",
    "head_branch": "patch-1",
    "head": PATCH,
    "head_repository": FORK,
    "actor": "mona",
}
APPROVED = the_run("13:00:00", **STRANGER)
THEIR_BUILD = {**BUILD, "run": APPROVED, "created_at": at("13:00:02")}
STRANGER_ROW = {"branchname": "patch-1", "commithash": "f" * 40}
STRANGER_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("13:00:08"),
    "endtime": clock("13:02:08"),
    "queuetime": 3608,
    "runtime": 120.0,
    "triggeredby": "mona",
    "updatetime": clock("13:02:10"),
}
FIRST_TIME = Story(
    "first-time contributor",
    (
        run_sent(
            "completed",
            the_run("12:00:00", status="completed", conclusion="action_required", **STRANGER),
        ),
        run_sent("requested", APPROVED),
        job_sent("queued", job(**THEIR_BUILD)),
        run_sent("in_progress", the_run("13:00:08", status="in_progress", **STRANGER)),
        job_sent("in_progress", job(**THEIR_BUILD, started_at=at("13:00:08"))),
        job_sent(
            "completed", job(**THEIR_BUILD, started_at=at("13:00:08"), completed_at=at("13:02:08"))
        ),
        run_sent(
            "completed", the_run("13:02:10", status="completed", conclusion="success", **STRANGER)
        ),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [
            {
                **RUN_ROW,
                **STRANGER_ROW,
                **STRANGER_TIMES,
                "author": "mona",
                "event": "pull_request",
                "title": "Fix a typo",
                "headrepo": "mona/app",
                "os": "Linux",
            }
        ],
        "runattempts": [{**ATTEMPT_ROW, **STRANGER_TIMES}],
        "jobs": [
            {
                **BUILD_ROW,
                **STRANGER_ROW,
                "createtime": clock("13:00:02"),
                "starttime": clock("13:00:08"),
                "endtime": clock("13:02:08"),
                "steps": steps("13:00:08", "13:02:08"),
            }
        ],
    },
)

SKIPPED_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:00:08"),
    "endtime": clock("12:02:09"),
    "queuetime": 8,
    "runtime": 121.0,
    "updatetime": clock("12:02:10"),
}
DEPLOY = {"run": QUEUED, "id": 83_456_000_003, "name": "deploy", "created_at": at("12:02:09")}
SKIPPED = Story(
    "skipped jobs",
    (
        *SUCCESS.deliveries[1:6],
        job_sent("completed", job(**DEPLOY, status="completed", conclusion="skipped")),
        SUCCESS.deliveries[6],
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **SKIPPED_TIMES, "os": "Linux"}],
        "runattempts": [{**ATTEMPT_ROW, **SKIPPED_TIMES}],
        "jobs": [
            BUILD_ROW,
            {
                **JOB_ROW,
                "gitid": 83456000003,
                "name": "deploy",
                "os": None,
                "labels": None,
                "runnergroup": None,
                "status": "completed",
                "conclusion": "skipped",
                "createtime": clock("12:02:09"),
                "endtime": clock("12:02:09"),
                "url": f"{RUN_URL}/job/83456000003",
                "steps": "[]",
            },
        ],
    },
)
