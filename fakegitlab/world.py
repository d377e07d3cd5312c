"""A made-up GitLab: projects with pipelines, jobs that are tried again, children, and commits.

Times are kept in milliseconds since 1970; what is given away is in the API's form.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

Json = dict[str, Any]
LOST = ("failed", "canceled")
START = 1_790_000_000_000
NAMES = ("build", "lint", "test a", "test b", "test c", "docs", "package", "deploy")
STAGES = ("build", "test", "test", "test", "test", "test", "package", "deploy")


def api_time(milliseconds: int | None) -> str | None:
    """Return a time as the API says it."""
    if milliseconds is None:
        return None
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def digest(*parts: object) -> str:
    """Return a commit's hash."""
    return sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Project:
    """A project and all that is below it; `pipelines` and `jobs` by id, oldest first."""

    id: int
    path: str
    url: str
    former: list[str] = field(default_factory=list)
    pipelines: dict[int, Json] = field(default_factory=dict)
    jobs: dict[int, Json] = field(default_factory=dict)
    bridges: dict[int, Json] = field(default_factory=dict)
    traces: dict[int, str] = field(default_factory=dict)
    commits: list[Json] = field(default_factory=list)
    hooks: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    schedules: dict[int, Json] = field(default_factory=dict)
    makers: dict[int, int] = field(default_factory=dict)  # of pipelines: schedules but the first
    issues: list[Json] = field(default_factory=list)
    """With title, description, and state where that is not `opened`."""
    hidden: set[int] = field(default_factory=set)
    """Pipelines that no list has, though they are there by id and by number."""
    hides_bridges: bool = False
    """Whether GraphQL tells which pipeline made another, but not by which job."""
    senders: dict[int, Any] = field(default_factory=dict)
    """What sends of the hooks that were made over the API (`fakegitlab.sending`)."""
    lives: dict[int, Any] = field(default_factory=dict)
    """Those of the pipelines whose lives are known (`fakegitlab.life`)."""
    off: set[str] = field(default_factory=set)
    """Features that are switched off: `builds`, `repository`."""

    def record(self) -> Json:
        """Return the project as the API says it."""
        return {
            "id": self.id,
            "name": self.path.rpartition("/")[2],
            "path_with_namespace": self.path,
            "web_url": f"{self.url}/{self.path}",
            "default_branch": "main",
            "visibility": "private",
            "archived": False,
            "ci_config_path": None,
            "created_at": api_time(START - 10_000_000),
            "last_activity_at": api_time(START),
            "empty_repo": not self.commits,
            **{f"{feature}_access_level": "disabled" for feature in self.off},
        }

    def jobs_of(self, pipeline: int) -> list[Json]:
        """Return the jobs of a pipeline, those that were tried again, too."""
        return [one for one in self.jobs.values() if one["pipeline"]["id"] == pipeline]

    def has_warnings(self, gitid: int) -> bool:
        """Tell whether a pipeline passed though a job or a bridge failed that may."""
        own = [one for one in self.bridges.values() if one["pipeline"]["id"] == gitid]
        lost = (one.get("allow_failure") and one["status"] in LOST for one in own)
        lost_jobs = (
            one["allow_failure"] and one["status"] in LOST for one in self.latest_of(gitid)
        )
        return self.pipelines[gitid]["status"] == "success" and (any(lost) or any(lost_jobs))

    def whole(self, gitid: int) -> Json:
        """Return a pipeline as the API says it of one alone."""
        pipeline = self.pipelines[gitid]
        words = [pipeline["status"]] * 2
        if self.has_warnings(gitid):
            words = ["passed with warnings", "success-with-warnings"]
        return {**pipeline, "detailed_status": dict(zip(("label", "group"), words, strict=True))}

    def latest_of(self, pipeline: int) -> list[Json]:
        """Return the latest job of each name."""
        return list({one["name"]: one for one in self.jobs_of(pipeline)}.values())


class World:
    """Projects by id; `seed` makes the same world again."""

    def __init__(self, url: str = "http://127.0.0.1", seed: int = 1, start: int = START) -> None:
        self.url = url
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.projects: dict[int, Project] = {}
        self.now = start
        self.last = 1000

    def number(self) -> int:
        """Return the next id."""
        self.last += 1
        return self.last

    def add_project(self, path: str) -> Project:
        """Make a project with a schedule and one commit."""
        project = Project(self.number(), path, self.url)
        self.projects[project.id] = project
        project.schedules[1] = {"id": 1, "description": "nightly", "ref": "main", "active": True}
        return project

    def add_commit(self, project: Project) -> Json:
        """Put a commit on the default branch."""
        place, time = len(project.commits), api_time(self.now)
        commit = {
            "id": digest(project.id, place),
            "title": f"Change {place}",
            "message": f"Change {place}\n",
            "author_name": "Ada",
            "author_email": "ada@example.org",
            "authored_date": time,
            "committed_date": time,
            "web_url": f"{self.url}/{project.path}/-/commit/{digest(project.id, place)}",
        }
        project.commits.append(commit)
        return commit

    def new_pipeline(self, project: Project, source: str) -> Json:
        """Make a pipeline of a new commit: what never changes of it."""
        commit = self.add_commit(project)
        gitid = self.number()
        iid = 1 + max((one["iid"] for one in project.pipelines.values()), default=0)
        project.pipelines[gitid] = {
            "id": gitid,
            "iid": iid,
            "project_id": project.id,
            "sha": commit["id"],
            "ref": "main",
            "source": source,
            "name": None,
            "created_at": api_time(self.now),
            "web_url": f"{self.url}/{project.path}/-/pipelines/{gitid}",
            "tag": False,
            "yaml_errors": None,
            "user": {"id": 7, "username": "ada", "name": "Ada"},
        }
        return project.pipelines[gitid]

    def add_pipeline(self, project: Project, *, jobs: int = 8, source: str = "push") -> Json:
        """Run a pipeline to its end; one in eight fails, a tenth of the jobs are tried again."""
        created = self.now
        pipeline = self.new_pipeline(project, source)
        end = created
        failed = False
        for place in range(jobs):
            is_last = self.random.random() < 0.9
            status = "failed" if self.random.random() < 0.02 else "success"
            tries = ["success"] if is_last and status == "success" else ["failed", status]
            for state in tries:
                end = max(end, self.add_job(project, pipeline, place, end, state))
            failed = failed or tries[-1] == "failed"
        pipeline["status"] = "failed" if failed else "success"
        pipeline["started_at"] = api_time(created + 2_500)
        pipeline["finished_at"] = pipeline["updated_at"] = api_time(end + 400)
        pipeline["duration"] = (end - created) // 1000
        pipeline["queued_duration"] = 2
        self.now = end + 60_000
        return pipeline

    def add_external(self, project: Project) -> Json:
        """Make a pipeline of another CI's statuses: no jobs, running for ever, never updated."""
        pipeline = self.new_pipeline(project, "external")
        times = dict.fromkeys(("started_at", "finished_at", "updated_at", "duration"))
        pipeline.update(status="running", **times, queued_duration=None)
        return pipeline

    def delete_pipeline(self, project: Project, gitid: int) -> None:
        """Delete a pipeline with its jobs, without telling anybody."""
        del project.pipelines[gitid]
        project.lives.pop(gitid, None)
        for job in [one["id"] for one in project.jobs_of(gitid)]:
            del project.jobs[job]

    def add_job(self, project: Project, pipeline: Json, place: int, after: int, status: str) -> int:
        """Run a job; return when it ended."""
        gitid, name = self.number(), NAMES[place % len(NAMES)]
        started = after + self.random.randrange(1_000, 20_000)
        ended = started + self.random.randrange(1_100, 300_000)
        short = {key: pipeline[key] for key in ("id", "iid", "sha", "ref", "project_id")}
        project.jobs[gitid] = {
            "id": gitid,
            "name": name if place < len(NAMES) else f"{name} {place}",
            "stage": STAGES[place % len(STAGES)],
            "status": status,
            "ref": pipeline["ref"],
            "tag": False,
            "allow_failure": False,
            "created_at": api_time(after),
            "started_at": api_time(started),
            "finished_at": api_time(ended),
            "duration": (ended - started) / 1000,
            "queued_duration": (started - after) / 1000,
            "failure_reason": "script_failure" if status == "failed" else None,
            "tag_list": ["linux"],
            "runner": {"id": 3, "description": "runner-3", "runner_type": "instance_type"},
            "pipeline": short,
            "web_url": f"{self.url}/{project.path}/-/jobs/{gitid}",
        }
        if status == "failed":
            project.traces[gitid] = (
                "section_start:1790000000:step_script\r\x1b[0K$ pytest\n"
                f"E       AssertionError: {name} is wrong\n"
                f"FAILED tests/test_{place}.py::test_it - AssertionError: {name} is wrong\n"
                "section_end:1790000000:step_script\r\x1b[0K"
                "ERROR: Job failed: exit code 1\n"
            )
        return ended

    def add_child(self, project: Project, parent: Json) -> Json:
        """Run a pipeline that a job of another one makes."""
        child = self.add_pipeline(project, jobs=2, source="parent_pipeline")
        self.add_bridge(project, parent, child, "child tests")
        return child

    def add_bridge(self, project: Project, parent: Json, child: Json, name: str) -> None:
        """Make the job by which a pipeline made another one."""
        gitid = self.number()
        project.bridges[gitid] = {
            "id": gitid,
            "name": name,
            "status": "success",
            "created_at": parent["created_at"],
            "pipeline": {"id": parent["id"]},
            "downstream_pipeline": {key: child.get(key) for key in ("id", "project_id", "status")},
        }
