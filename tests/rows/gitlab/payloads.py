"""GitLab's payloads, written by hand to the forms that its documentation gives, for tests.

https://docs.gitlab.com/user/project/integrations/webhook_events/ and https://docs.gitlab.com/api/
"""

from typing import Any

Json = dict[str, Any]

SHA, OTHER = "b" * 40, "c" * 40
PAGE = "https://gitlab.com/group/sub/app"
CREATED, END = "2021-10-07 08:17:00 UTC", "2021-10-07 08:20:00 UTC"


def project(**changes: object) -> Json:
    """Return the project of a hook."""
    values = {
        "id": 7,
        "name": "App",
        "web_url": PAGE,
        "path_with_namespace": "group/sub/app",
        "visibility_level": 0,
        "default_branch": "main",
        "ci_config_path": "",
    }
    return {**values, **changes}


def listed_project(**changes: object) -> Json:
    """Return the project as the API has it."""
    values: Json = {**project(), "visibility": "private", "archived": False}
    del values["visibility_level"]
    return {**values, **changes}


def job(number: int, name: str, status: str = "success", **changes: object) -> Json:
    """Return a job of a Pipeline Hook, which ran from 08:18:00.25 for 65.5 s."""
    values: Json = {
        "id": number,
        "stage": "test",
        "name": name,
        "status": status,
        "created_at": CREATED,
        "started_at": "2021-10-07 08:18:00 UTC",
        "finished_at": "2021-10-07 08:19:05 UTC",
        "duration": 65.5,
        "queued_duration": 2.25,
        "failure_reason": "script_failure" if status == "failed" else None,
        "when": "on_success",
        "manual": False,
        "allow_failure": False,
        "runner": {
            "id": 1,
            "description": "shared-1",
            "runner_type": "instance_type",
            "tags": ["linux", "docker"],
        },
    }
    return {**values, **changes}


def listed_job(hook: Json) -> Json:
    """Return a job of a hook as the API has it: in milliseconds, with what the job asks for."""
    values = {name: value for name, value in hook.items() if name not in ("when", "manual")}
    for name in ("created_at", "started_at", "finished_at"):
        if values[name]:
            values[name] = values[name].replace(" UTC", ".678Z").replace(" ", "T")
    if values["runner"]:
        values["runner"] = {k: v for k, v in values["runner"].items() if k != "tags"}
        values["runner_manager"] = {"platform": "linux"}
    return {**values, "tag_list": ["docker"]}


def pipeline(*builds: Json, status: str = "success", end: str | None = END, **more: object) -> Json:
    """Return a Pipeline Hook."""
    attributes = {
        "id": 31,
        "iid": 3,
        "name": None,
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "source": "push",
        "status": status,
        "stages": ["test"],
        "created_at": CREATED,
        "finished_at": end,
        "duration": 65,
        "variables": [{"key": "KEY", "value": "canary-1f6a"}],
        **more,
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": attributes,
        "user": {"id": 1, "username": "ana"},
        "project": project(),
        "commit": {"id": SHA, "message": "Mend it\n\nIn words.", "title": "Mend it"},
        "builds": list(builds),
    }


def read_pipeline(hook: Json, updated: str = "2021-10-07T08:20:00.900Z") -> Json:
    """Return what is read from the API of the pipeline of a hook."""
    given = hook["object_attributes"]
    times = {
        name: given[name] and given[name].replace(" UTC", ".123Z").replace(" ", "T")
        for name in ("created_at", "finished_at")
    }
    kept = {name: given[name] for name in ("id", "iid", "name", "ref", "sha", "source", "status")}
    return {
        "project": listed_project(),
        "pipeline": {**kept, **times, "updated_at": updated, "user": {"username": "ana"}},
        "jobs": [listed_job(one) for one in hook["builds"]],
    }


def build(hook: Json, number: int) -> Json:
    """Return the Job Hook of a job of a Pipeline Hook."""
    job = next(one for one in hook["builds"] if one["id"] == number)
    names = ("id", "name", "stage", "status", "created_at", "started_at", "finished_at")
    spans: tuple[str, ...] = ("duration", "queued_duration", "allow_failure")
    attributes = hook["object_attributes"]
    return {
        "object_kind": "build",
        "ref": attributes["ref"],
        "sha": attributes["sha"],
        **{f"build_{name}": job[name] for name in (*names, *spans)},
        "build_failure_reason": job["failure_reason"] or "unknown_failure",
        "pipeline_id": attributes["id"],
        "project_id": 7,
        "project": project(),
        "runner": job["runner"],
        "user": {"username": "ana"},
        "commit": {
            "id": attributes["id"],
            "status": attributes["status"],
            "finished_at": attributes["finished_at"],
        },
        "repository": {"homepage": PAGE},
    }
