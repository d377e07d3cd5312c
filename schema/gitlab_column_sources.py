"""Where GitLab says what columns hold: in a hook, and in the REST API. `docs/fields.md` has it.

What is not named is as of GitHub: the store's own, or derived.
"""

from schema.column_sources import CANNOT, Paths, both

PROJECT = Paths("project.web_url without the path", "web_url without the path")
OF_PIPELINE = "object_attributes."


def of_pipeline(name: str) -> Paths:
    """Return a field that hook and REST object call alike."""
    return Paths(f"{OF_PIPELINE}{name}", f"pipeline.{name}")


def of_job(name: str) -> Paths:
    """Return a field of a job: of a Pipeline Hook, of a Job Hook, of the API."""
    return Paths(f"builds[].{name}, build_{name}", f"job.{name}")


BRANCH = Paths(
    "object_attributes.ref; " + CANNOT + " of a merge request by a job's hook",
    "ref; " + CANNOT + " of a merge request",
)
SAID = Paths(
    "finished_at; where it waits for somebody the last finished_at of its jobs",
    "as in the hook; " + CANNOT + " of ends before the one that is read",
)
QUEUED = Paths(
    "starttime - createtime; none where the first job was let go by somebody",
    "the same; " + CANNOT + " that a job was let go, unless it was seen to wait",
)
JOBS_THAT_COUNT = both("jobs that are not superseded")

GITLAB_SOURCES: dict[str, dict[str, Paths]] = {
    "repos": {
        "name": Paths(
            "path_with_namespace of project, else the path of its web_url or repository.homepage",
            "path_with_namespace",
        ),
        "provider": PROJECT,
        "gitid": Paths("project.id, project_id", "id"),
        "url": both("web_url of project"),
        "defaultbranch": both("default_branch of project"),
        "private": Paths("project.visibility_level < 20", "visibility"),
        "archived": Paths(CANNOT, "archived"),
    },
    "repoaliases": {"name": Paths("project_rename: old_path_with_namespace", "redirects")},
    "branches": {
        "name": Paths("push.ref", "branches[].name"),
        "headhash": Paths("push.after", "branches[].commit.id"),
        "deletetime": Paths("when the push came", CANNOT + ", only that it is gone"),
    },
    "commits": {
        "hash": Paths("commits[].id, the newest 20", "commits[].id"),
        "author": Paths("commits[].author.name", "author_name"),
        "message": Paths("commits[].message", "message"),
        "time": Paths(CANNOT, "authored_date"),
        "authorlogin": both(CANNOT),
    },
    "workflows": {
        "gitid": both("project.id: there is one"),
        "name": both("project.ci_config_path, else .gitlab-ci.yml"),
        "path": both("project.ci_config_path, else .gitlab-ci.yml"),
    },
    "workflowruns": {
        "gitid": of_pipeline("id"),
        "author": Paths("user.username", "user.username; not in lists"),
        "runtime": JOBS_THAT_COUNT,
        "createtime": of_pipeline("created_at"),
        "branchname": BRANCH,
        "commithash": of_pipeline("sha"),
        "workflowname": Paths(
            "the CI file; " + CANNOT + " of schedules and children",
            "the schedule's description, the bridge's name, else the CI file",
        ),
        "runnumber": Paths("object_attributes.iid; " + CANNOT + " of old servers", "iid"),
        "event": of_pipeline("source"),
        "title": Paths("object_attributes.name, else commit.title", "name; " + CANNOT + " else"),
        "workflowgitid": both("project.id; none of schedules and children: names tell them apart"),
        "triggeredby": Paths("user.username", "user.username; not in lists"),
        "updatetime": Paths(CANNOT, "updated_at"),
        "headrepo": Paths("merge_request: `unknown` where source_project_id is a fork's", CANNOT),
        "pullrequest": Paths(
            "merge_request.iid; ref of a job's hook", "ref: refs/merge-requests/N/"
        ),
        "warned": both("haswarnings; jobs: one that may fail did, or was tried again"),
        "parentgitid": Paths("source_pipeline.pipeline_id", "bridges[].downstream_pipeline"),
        "parentjobgitid": Paths("source_pipeline.job_id", "bridges[].id"),
        "queuetime": QUEUED,
        "passedtime": SAID,
        "failedtime": SAID,
    },
    "runattempts": {
        "attempt": both("always 1"),
        "queuetime": QUEUED,
        "status": of_pipeline("status"),
        "conclusion": Paths(
            "object_attributes.status; without jobs its stages, too", "status; yaml_errors"
        ),
        "updatetime": Paths(CANNOT, "updated_at"),
        "finishtime": Paths("object_attributes.finished_at", "finished_at; not in lists"),
        "haswarnings": Paths(
            "object_attributes.detailed_status: passed with warnings",
            "GraphQL's warnings, or detailed_status.group; not in lists",
        ),
    },
    "jobs": {
        "gitid": of_job("id"),
        "rungitid": Paths("object_attributes.id, pipeline_id, commit.id", "job.pipeline.id"),
        "name": of_job("name"),
        "status": of_job("status"),
        "conclusion": both("status, and failure_reason of a timeout"),
        "createtime": of_job("created_at"),
        "starttime": of_job("started_at"),
        "endtime": of_job("finished_at"),
        "queuetime": of_job("queued_duration"),
        "runtime": Paths("duration; of old servers from start to end", "job.duration"),
        "os": Paths(
            "runner.tags; " + CANNOT + " of a job that got no runner",
            "runner_manager.platform, else tag_list, else the name of a runner of GitLab.com",
        ),
        "labels": Paths(CANNOT, "tag_list"),
        "runnername": both("runner.description"),
        "runnergroup": both("runner.runner_type"),
        "workflowname": Paths("its run's; " + CANNOT + " of schedules and children", "its run's"),
        "branchname": BRANCH,
        "inherited": both("never"),
        "gated": Paths("builds[].manual, or the status", "the status, while it waits"),
        "failedstep": both(CANNOT),
        "steps": both(CANNOT),
        "stage": of_job("stage"),
        "allowfailure": of_job("allow_failure"),
        "failurereason": of_job("failure_reason"),
        "tryno": both("place by id among the jobs of its name in the run"),
        "superseded": both("whether a later one is there"),
    },
    "tagpushes": {
        "name": Paths("tag_push.ref", CANNOT),
        "time": Paths("when the push came", CANNOT),
        "hash": Paths("tag_push.checkout_sha", CANNOT),
    },
}
