"""Runs that go their usual way: success, failure, instantly started, and without jobs."""

from fakegithub.payloads.events import at, job
from tests.stories.story import (
    ATTEMPT_ROW,
    FLOW_ROWS,
    JOB_ROW,
    PUSH,
    PUSH_ROWS,
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

QUEUED = the_run("12:00:00")
RUNNING = the_run("12:00:08", status="in_progress")
BUILD = {"run": QUEUED, "id": 83_456_000_001, "created_at": at("12:00:02")}

SUCCESS_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:00:08"),
    "endtime": clock("12:02:08"),
    "queuetime": 8,
    "runtime": 120.0,
    "updatetime": clock("12:02:10"),
}
SUCCESS = Story(
    "plain success",
    (
        PUSH,
        run_sent("requested", QUEUED),
        job_sent("queued", job(**BUILD)),
        run_sent("in_progress", RUNNING),
        job_sent("in_progress", job(**BUILD, started_at=at("12:00:08"))),
        job_sent("completed", job(**BUILD, started_at=at("12:00:08"), completed_at=at("12:02:08"))),
        run_sent("completed", the_run("12:02:10", status="completed", conclusion="success")),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        **PUSH_ROWS,
        "workflowruns": [{**RUN_ROW, **SUCCESS_TIMES, "os": "Linux"}],
        "runattempts": [{**ATTEMPT_ROW, **SUCCESS_TIMES}],
        "jobs": [
            {
                **JOB_ROW,
                "gitid": 83456000001,
                "status": "completed",
                "conclusion": "success",
                "createtime": clock("12:00:02"),
                "starttime": clock("12:00:08"),
                "endtime": clock("12:02:08"),
                "queuetime": 6,
                "runtime": 120.0,
                "runnername": "GitHub Actions 2",
                "url": f"{RUN_URL}/job/83456000001",
                "steps": steps("12:00:08", "12:02:08"),
            }
        ],
    },
)

ON_WINDOWS = {
    "run": QUEUED,
    "id": 83_456_000_002,
    "name": "build (windows)",
    "created_at": at("12:00:02"),
    "labels": ("windows-2022",),
}
FAILURE_TIMES = {
    "status": "completed",
    "conclusion": "failure",
    "starttime": clock("12:00:08"),
    "endtime": clock("12:03:30"),
    "queuetime": 8,
    "runtime": 202.0,
    "updatetime": clock("12:03:31"),
}
FAILURE = Story(
    "failure",
    (
        run_sent("requested", QUEUED),
        job_sent("queued", job(**BUILD)),
        job_sent("queued", job(**ON_WINDOWS)),
        job_sent("in_progress", job(**BUILD, started_at=at("12:00:08"))),
        run_sent("in_progress", RUNNING),
        job_sent("in_progress", job(**ON_WINDOWS, started_at=at("12:00:30"))),
        job_sent("completed", job(**BUILD, started_at=at("12:00:08"), completed_at=at("12:02:08"))),
        job_sent(
            "completed",
            job(
                **ON_WINDOWS,
                started_at=at("12:00:30"),
                completed_at=at("12:03:30"),
                conclusion="failure",
            ),
        ),
        run_sent("completed", the_run("12:03:31", status="completed", conclusion="failure")),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **FAILURE_TIMES, "os": "Linux,Windows"}],
        "runattempts": [{**ATTEMPT_ROW, **FAILURE_TIMES}],
        "jobs": [
            *SUCCESS.rows["jobs"],
            {
                **JOB_ROW,
                "gitid": 83456000002,
                "name": "build (windows)",
                "os": "Windows",
                "labels": '["windows-2022"]',
                "status": "completed",
                "conclusion": "failure",
                "createtime": clock("12:00:02"),
                "starttime": clock("12:00:30"),
                "endtime": clock("12:03:30"),
                "queuetime": 28,
                "runtime": 180.0,
                "runnername": "GitHub Actions 3",
                "url": f"{RUN_URL}/job/83456000002",
                "failedstep": "Run tests",
                "steps": steps("12:00:30", "12:03:30", "failure"),
            },
        ],
    },
)

# All of it happens within one second: no time tells the states apart.
AT_ONCE = {**BUILD, "created_at": at("12:00:00")}
AT_ONCE_TIMES = {
    **SUCCESS_TIMES,
    "starttime": clock("12:00:00"),
    "endtime": clock("12:00:00"),
    "queuetime": 0,
    "runtime": 0.0,
    "updatetime": clock("12:00:00"),
}
ONE_SECOND = Story(
    "queued, started and completed within one second",
    (
        run_sent("requested", QUEUED),
        job_sent("queued", job(**AT_ONCE)),
        run_sent("in_progress", the_run("12:00:00", status="in_progress")),
        job_sent("in_progress", job(**AT_ONCE, started_at=at("12:00:00"))),
        job_sent(
            "completed", job(**AT_ONCE, started_at=at("12:00:00"), completed_at=at("12:00:00"))
        ),
        run_sent("completed", the_run("12:00:00", status="completed", conclusion="success")),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **AT_ONCE_TIMES, "os": "Linux"}],
        "runattempts": [{**ATTEMPT_ROW, **AT_ONCE_TIMES}],
        "jobs": [
            {
                **SUCCESS.rows["jobs"][0],
                "createtime": clock("12:00:00"),
                "starttime": clock("12:00:00"),
                "endtime": clock("12:00:00"),
                "queuetime": 0,
                "runtime": 0.0,
                "steps": steps("12:00:00", "12:00:00"),
            }
        ],
    },
)
STARTED_AT_ONCE = Story(
    "queued and started within one second",
    ONE_SECOND.deliveries[:4],
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [
            {
                **RUN_ROW,
                "status": "in_progress",
                "starttime": clock("12:00:00"),
                "queuetime": 0,
                "updatetime": clock("12:00:00"),
                "os": "Linux",
            }
        ],
        "runattempts": [
            {
                **ATTEMPT_ROW,
                "status": "in_progress",
                "starttime": clock("12:00:00"),
                "queuetime": 0,
                "updatetime": clock("12:00:00"),
            }
        ],
        "jobs": [
            {
                **JOB_ROW,
                "gitid": 83456000001,
                "status": "in_progress",
                "createtime": clock("12:00:00"),
                "starttime": clock("12:00:00"),
                "queuetime": 0,
                "runnername": "GitHub Actions 2",
                "url": f"{RUN_URL}/job/83456000001",
            }
        ],
    },
)

# Nobody ticked workflow_job: when a job started, and on what, is not known, which is not 0.
JOBLESS_TIMES = {
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:00:00"),
    "endtime": clock("12:02:10"),
    "queuetime": None,
    "runtime": 130.0,
    "updatetime": clock("12:02:10"),
}
JOBLESS = Story(
    "workflow_run and push only",
    (PUSH, *(sent for sent in SUCCESS.deliveries if sent[0] == "workflow_run")),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        **PUSH_ROWS,
        "workflowruns": [{**RUN_ROW, **JOBLESS_TIMES, "os": None}],
        "runattempts": [{**ATTEMPT_ROW, **JOBLESS_TIMES}],
    },
)
