"""What real GitLab servers said of pipelines: times and spans out of hooks that nobody here made.

Seen in the tests of public projects; only the figures are here, which are no work of anybody's:
a pipeline's own duration, and of each of its jobs id, name, status, start, end, duration, and how
long it was queued. What they are put into (`pipeline_of`) has the form of the documentation.
"""

from typing import NamedTuple

from tests.rows.gitlab.payloads import Json, job, pipeline


class Job(NamedTuple):
    """A job's figures, times in the form of that server."""

    id: int
    name: str
    status: str
    created: str
    started: str | None
    finished: str | None
    duration: float | None
    queued: float | None


class Recorded(NamedTuple):
    """A pipeline's figures: its own duration is what GitLab counted."""

    said: str
    status: str
    created: str
    finished: str | None
    duration: int | None
    jobs: tuple[Job, ...]


def utc(time: str) -> str:
    return f"2022-02-23 {time} UTC"


def later(time: str) -> str:
    return f"2024-06-19 {time} UTC"


STAGES_2022 = Recorded(
    "four stages with a second between them, 2022, server in UTC",
    "failed", utc("13:18:50"), utc("13:59:44"), 2447,
    (
        Job(6623, "e2e", "failed", utc("13:18:51"), utc("13:23:31"), utc("13:59:44"),
            2172.208638, 0.597012),
        Job(6622, "migrate", "success", utc("13:18:50"), utc("13:23:16"), utc("13:23:31"),
            14.147997, 0.393899),
        Job(6621, "deploy", "success", utc("13:18:50"), utc("13:22:19"), utc("13:23:16"),
            56.269594, 1.962368),
        Job(6620, "build", "success", utc("13:18:50"), utc("13:18:53"), utc("13:22:17"),
            204.743815, 1.671035),
    ),
)  # fmt: skip
UNSTARTED_2022 = Recorded(
    "a job that failed without ever starting, 2022, server eight hours ahead",
    "failed", "2022-04-01 13:49:55 +0800", "2022-04-01 15:00:27 +0800", None,
    (
        Job(120257, "release", "failed", "2022-04-01 13:49:55 +0800", None,
            "2022-04-01 15:00:27 +0800", None, 96317.11524972),
    ),
)  # fmt: skip
RETRIED_2024 = Recorded(
    "a first job that was tried again three quarters of an hour later, 2024",
    "failed", later("02:20:18"), later("03:06:41"), 64,
    (
        Job(481131, "prepare", "success", later("03:05:35"), later("03:05:36"), later("03:05:51"),
            14.930185, 1.460193),
        Job(480895, "lint", "failed", later("02:20:18"), later("03:05:52"), later("03:06:41"),
            49.304208, 0.4089),
        Job(480896, "detect", "skipped", later("02:20:18"), None, None, None, None),
        Job(480897, "deploy", "skipped", later("02:20:18"), None, None, None, None),
    ),
)  # fmt: skip
PROPOSED_2023 = Recorded(
    "stages of a merge request that touch each other, GitLab.com, 2023",
    "failed", "2023-04-04 09:41:07 UTC", "2023-04-04 09:44:00 UTC", 171,
    (
        Job(4057216008, "run", "skipped", "2023-04-04 09:41:07 UTC", None, None, None, None),
        Job(4057216005, "show", "success", "2023-04-04 09:41:07 UTC", "2023-04-04 09:41:08 UTC",
            "2023-04-04 09:41:47 UTC", 38.787836, 0.101601),
        Job(4057216007, "install", "failed", "2023-04-04 09:41:07 UTC", "2023-04-04 09:41:47 UTC",
            "2023-04-04 09:44:00 UTC", 132.961562, 0.144775),
    ),
)  # fmt: skip
RECORDED = (STAGES_2022, UNSTARTED_2022, PROPOSED_2023, RETRIED_2024)
EXTERNAL_2022: Json = {
    "id": 457474837,
    "iid": 1,
    "project_id": 7,
    "sha": "b1b82852d48b516a18e56c5bab0ebf54b8f4ccfd",
    "ref": "renovate/pin-dependencies",
    "status": "running",
    "source": "external",
    "created_at": "2022-01-27T10:07:09.429Z",
    "updated_at": None,
}
"""What the API lists of a pipeline that another CI told of once, and never again."""
STUCK_2022: Json = {
    "id": 152,
    "status": "failed",
    "stage": "test",
    "name": "format",
    "ref": "master",
    "tag": False,
    "coverage": None,
    "allow_failure": False,
    "created_at": "2022-08-25T21:19:10.938Z",
    "started_at": None,
    "finished_at": "2022-08-25T23:00:08.594Z",
    "duration": None,
    "pipeline": {
        "id": 73,
        "sha": "532f453a0942f78d5cf8e6e57ad75a3c1da83212",
        "ref": "master",
        "status": "failed",
        "created_at": "2022-08-25T21:19:10.904Z",
        "updated_at": "2022-08-25T23:00:08.694Z",
    },
    "artifacts": [],
    "runner": None,
}
"""A job of the API of 2022 that no runner took: it has neither reason, queue time, nor labels."""
CANCELED_2024: Json = {
    **STUCK_2022,
    "id": 6995103065,
    "status": "canceled",
    "started_at": "2022-08-25T21:19:11.849Z",
    "finished_at": "2022-08-25T21:19:34.765Z",
    "duration": 22.915853,
    "queued_duration": 0.473594,
    "runner": {
        "id": 12270857,
        "description": "4-green.saas-linux-small-amd64.runners-manager.gitlab.com/default",
        "runner_type": "instance_type",
    },
    "runner_manager": {"platform": "linux", "architecture": "amd64"},
    "tag_list": [],
}
"""One of GitLab 17 that somebody ended."""


def pipeline_of(recorded: Recorded) -> Json:
    """Return a Pipeline Hook with a pipeline's figures."""
    builds = [
        job(
            one.id,
            one.name,
            one.status,
            created_at=one.created,
            started_at=one.started,
            finished_at=one.finished,
            duration=one.duration,
            queued_duration=one.queued,
            runner=None,
        )
        for one in recorded.jobs
    ]
    return pipeline(
        *builds,
        status=recorded.status,
        end=recorded.finished,
        created_at=recorded.created,
        duration=recorded.duration,
    )
