"""The bodies of hooks, in the form that a version of GitLab gives them, with its lies.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from fakegitlab.director import request_of
from fakegitlab.life import GATES, JobLife, Life
from fakegitlab.world import LOST, Json, Project

Clock = Callable[[int | None], str | None]
SECRET = "canary-of-a-variable"  # noqa: S105 - what must be found nowhere
OLD = (15, 0)
"""Of this version a Job Hook has no project, and a Pipeline Hook no address."""
SETTLED = (16, 0)
NOBODY = "0" * 40
PACIFIC = timezone(timedelta(hours=-7))


def moment(milliseconds: int) -> datetime:
    """Return a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def in_utc(time: int | None) -> str | None:
    """Return a time as GitLab.com's hooks write it."""
    return None if time is None else f"{moment(time):%Y-%m-%d %H:%M:%S UTC}"


def in_zone(time: int | None) -> str | None:
    """Return a time as the hooks of a server with a zone of its own write it."""
    return None if time is None else f"{moment(time).astimezone(PACIFIC):%Y-%m-%d %H:%M:%S %z}"


def in_test(time: int | None) -> str | None:
    """Return a time as the Test button writes it."""
    return None if time is None else f"{moment(time):%Y-%m-%dT%H:%M:%S}.{time % 1000:03}Z"


class Hook(NamedTuple):
    """A hook that is sent: when, of which kind (`object_kind`), what it says."""

    time: int
    kind: str
    payload: Json


def project_object(project: Project) -> Json:
    """Return the project of a hook."""
    return {
        "id": project.id,
        "name": project.path.rpartition("/")[2].title(),
        "web_url": f"{project.url}/{project.path}",
        "namespace": project.path.rpartition("/")[0],
        "path_with_namespace": project.path,
        "visibility_level": 0,
        "default_branch": "main",
        "ci_config_path": None,
    }


def rewritten(record: Json, clock: Clock) -> Json:
    """Return an API's record with its times as a hook writes them."""
    names = [name for name in record if name.endswith("_at")]
    times = {name: record[name] and clock(milliseconds(record[name])) for name in names}
    return {**record, **times}


def milliseconds(text: str) -> int:
    """Return a time of the API."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def runner_of(record: Json) -> Json | None:
    """Return a job's runner as hooks have it: with the runner's own tags."""
    return record["runner"] and {**record["runner"], "tags": [*record["tag_list"], "docker"]}


def maker_of(project: Project, gitid: int) -> Json:
    """Return what made a pipeline, as both hooks say it; nothing where nothing did."""
    for bridge in project.bridges.values():
        if bridge["downstream_pipeline"]["id"] == gitid:
            short = {"id": project.id, "path_with_namespace": project.path}
            made = {"pipeline_id": bridge["pipeline"]["id"], "job_id": bridge["id"]}
            return {"source_pipeline": {"project": short, **made}}
    return {}


def pipeline_hook(project: Project, life: Life, time: int, clock: Clock = in_utc) -> Json:
    """Return a Pipeline Hook as it is built at a time: its latest jobs, in clear its variables."""
    record = rewritten(life.record(time), clock)
    names = "id iid name ref tag sha source status created_at finished_at duration queued_duration"
    given = {name: record[name] for name in names.split()}
    commit = next(one for one in project.commits if one["id"] == record["sha"])
    # What its ref is called by the API, a hook calls by the source branch.
    request = request_of(project, record["ref"])
    branch = request and request["source_branch"]
    builds = []
    for job in life.latest(time):
        own = rewritten(job.record(time), clock)
        is_gated = job.when in GATES
        more = {"when": job.when, "manual": is_gated, "runner": runner_of(own)}
        builds.append({**{k: v for k, v in own.items() if k != "tag_list"}, **more})
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            **given,
            "ref": branch or given["ref"],
            "before_sha": NOBODY,
            "detailed_status": label_of(project, life, time, given["status"]),
            "stages": list(dict.fromkeys(job.stage for job in life.jobs)),
            "variables": [{"key": "KEY", "value": SECRET}],
            "url": record["web_url"],
        },
        "merge_request": request,
        "user": record["user"],
        "project": project_object(project),
        "commit": {
            "id": commit["id"],
            "message": commit["message"],
            "title": commit["title"],
            "timestamp": commit["committed_date"],
            "url": commit["web_url"],
            "author": {"name": commit["author_name"], "email": "[REDACTED]"},
        },
        "builds": builds,
        **maker_of(project, record["id"]),
    }


def label_of(project: Project, life: Life, time: int, status: str) -> str:
    """Return a status in a hook's words, which tell of bridges that failed, too."""
    own = [
        (one.get("allow_failure"), one["status"])
        for one in project.bridges.values()
        if one["pipeline"]["id"] == life.fixed["id"]
    ]
    own += [(job.allow_failure, job.status(time)) for job in life.latest(time)]
    lost = any(may_fail and status in LOST for may_fail, status in own)
    words = {"success": "passed with warnings" if lost else "passed"}
    return words.get(status, status)


def build_hook(
    project: Project, life: Life, job: JobLife, time: int, clock: Clock = in_utc
) -> Json:
    """Return a Job Hook: what it calls the commit is the pipeline."""
    own, pipeline = rewritten(job.record(time), clock), rewritten(life.record(time), clock)
    names = "id name stage status created_at started_at finished_at duration queued_duration"
    tries = [one for one in life.jobs if one.name == job.name and one.id < job.id]
    return {
        "object_kind": "build",
        "ref": pipeline["ref"],
        "tag": False,
        "before_sha": NOBODY,
        "sha": pipeline["sha"],
        "retries_count": len(tries),
        **{f"build_{name}": own[name] for name in names.split()},
        "build_allow_failure": own["allow_failure"],
        "build_failure_reason": own["failure_reason"] or "unknown_failure",
        "pipeline_id": pipeline["id"],
        "runner": runner_of(own),
        "project_id": project.id,
        "project_name": " / ".join(project.path.title().split("/")),
        "user": pipeline["user"],
        "commit": {
            "id": pipeline["id"],
            "name": None,
            "sha": pipeline["sha"],
            "status": pipeline["status"],
            "duration": pipeline["duration"],
            "started_at": pipeline["started_at"],
            "finished_at": pipeline["finished_at"],
        },
        "repository": {"homepage": f"{project.url}/{project.path}", "visibility_level": 0},
        "project": project_object(project),
        "environment": None,
        **maker_of(project, pipeline["id"]),
    }


def push_hook(project: Project, count: int = 1, branch: str = "main") -> Json:
    """Return the push of the project's last commits."""
    commits = project.commits[-count:]
    before = project.commits[-count - 1]["id"] if len(project.commits) > count else NOBODY
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": before,
        "after": commits[-1]["id"],
        "ref": f"refs/heads/{branch}",
        "checkout_sha": commits[-1]["id"],
        "user_username": "ada",
        "project_id": project.id,
        "project": project_object(project),
        "commits": [
            {
                "id": one["id"],
                "message": one["message"],
                "title": one["title"],
                "timestamp": one["committed_date"],
                "url": one["web_url"],
                "author": {"name": one["author_name"], "email": one["author_email"]},
            }
            for one in commits[-20:]
        ],
        "total_commits_count": len(commits),
    }


def as_of(version: tuple[int, int], hook: Json) -> Json:
    """Return a body as an older version writes it: without what it did not have yet."""
    if version >= SETTLED:
        return hook
    left_out = {"pipeline": (), "build": ("project", "retries_count")}.get(hook["object_kind"], ())
    old = {name: value for name, value in hook.items() if name not in left_out}
    if hook["object_kind"] == "pipeline":
        gone = ("iid", "name", "url")
        given = hook["object_attributes"]
        old["object_attributes"] = {k: v for k, v in given.items() if k not in gone}
    return old


def hooks_of(project: Project, life: Life, clock: Clock = in_utc, delay: int = 0) -> Iterator[Hook]:
    """Yield all that is sent of a pipeline's life; a Pipeline Hook may show a later state.

    It is built when its worker runs, `delay` milliseconds after the change.
    """
    for job in life.jobs:
        for mark in job.marks:
            yield Hook(mark.time, "build", build_hook(project, life, job, mark.time, clock))
    for turn in life.turns(life.times(1 << 62)[-1]):
        body = pipeline_hook(project, life, turn.time + delay, clock)
        yield Hook(turn.time + delay, "pipeline", body)
