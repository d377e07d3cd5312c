"""A run whose failed jobs are run again: the others are copied into the new attempt."""

from fakegithub.payloads.events import at, job
from tests.stories.plain import BUILD, QUEUED, RUNNING, SUCCESS
from tests.stories.story import (
    ATTEMPT_ROW,
    FLOW_ROWS,
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

DONE = {"started_at": at("12:00:08"), "completed_at": at("12:02:08")}
BUILD_ROW = SUCCESS.rows["jobs"][0]

AGAIN = {
    "attempt": 2,
    "triggering_actor": "grace",
    "run_started_at": at("12:10:00"),
}
SECOND = the_run("12:10:00", **AGAIN)
TEST = {"run": QUEUED, "id": 83_456_000_004, "name": "test", "created_at": at("12:02:09")}
# A new id and time of creation, but the old start and end: it did not run again.
COPY = {"run": SECOND, "id": 83_456_000_005, "created_at": at("12:10:01")}
RETEST = {"run": SECOND, "id": 83_456_000_006, "name": "test", "created_at": at("12:10:01")}
TESTED = {"started_at": at("12:02:15"), "completed_at": at("12:03:15")}
RETESTED = {"started_at": at("12:10:07"), "completed_at": at("12:11:37")}
FIRST_TIMES = {
    "status": "completed",
    "conclusion": "failure",
    "starttime": clock("12:00:08"),
    "endtime": clock("12:03:15"),
    "queuetime": 8,
    "runtime": 187.0,
    "updatetime": clock("12:03:16"),
}
SECOND_TIMES = {
    "attempt": 2,
    "status": "completed",
    "conclusion": "success",
    "starttime": clock("12:10:07"),
    "endtime": clock("12:11:37"),
    "queuetime": 7,
    "runtime": 90.0,
    "triggeredby": "grace",
    "updatetime": clock("12:11:38"),
}
RERUN = Story(
    "re-run of failed jobs",
    (
        run_sent("requested", QUEUED),
        job_sent("queued", job(**BUILD)),
        run_sent("in_progress", RUNNING),
        job_sent("in_progress", job(**BUILD, started_at=at("12:00:08"))),
        job_sent("completed", job(**BUILD, **DONE)),
        job_sent("queued", job(**TEST)),
        job_sent("completed", job(**TEST, **TESTED, conclusion="failure")),
        run_sent("completed", the_run("12:03:16", status="completed", conclusion="failure")),
        run_sent("requested", SECOND),
        job_sent("completed", job(**COPY, **DONE)),
        job_sent("queued", job(**RETEST)),
        run_sent("in_progress", the_run("12:10:07", status="in_progress", **AGAIN)),
        job_sent("completed", job(**RETEST, **RETESTED)),
        run_sent(
            "completed", the_run("12:11:38", status="completed", conclusion="success", **AGAIN)
        ),
    ),
    {
        **REPO_ROWS,
        **FLOW_ROWS,
        "workflowruns": [{**RUN_ROW, **SECOND_TIMES, "os": "Linux"}],
        "runattempts": [
            {**ATTEMPT_ROW, **FIRST_TIMES},
            {**ATTEMPT_ROW, **SECOND_TIMES, "createtime": clock("12:10:00")},
        ],
        "jobs": [
            BUILD_ROW,
            {
                **BUILD_ROW,
                "gitid": 83456000004,
                "name": "test",
                "conclusion": "failure",
                "createtime": clock("12:02:09"),
                "starttime": clock("12:02:15"),
                "endtime": clock("12:03:15"),
                "queuetime": 6,
                "runtime": 60.0,
                "runnername": "GitHub Actions 5",
                "url": f"{RUN_URL}/job/83456000004",
                "failedstep": "Run tests",
                "steps": steps("12:02:15", "12:03:15", "failure"),
            },
            {
                **BUILD_ROW,
                "gitid": 83456000005,
                "attempt": 2,
                "createtime": clock("12:10:01"),
                "queuetime": None,
                "runnername": None,
                "runnergroup": None,
                "url": f"{RUN_URL}/job/83456000005",
                "inherited": True,
            },
            {
                **BUILD_ROW,
                "gitid": 83456000006,
                "attempt": 2,
                "name": "test",
                "createtime": clock("12:10:01"),
                "starttime": clock("12:10:07"),
                "endtime": clock("12:11:37"),
                "queuetime": 6,
                "runtime": 90.0,
                "runnername": "GitHub Actions 7",
                "url": f"{RUN_URL}/job/83456000006",
                "steps": steps("12:10:07", "12:11:37"),
            },
        ],
    },
)
