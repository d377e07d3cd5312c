"""A project's CI file -> workflows: GitLab has one in each project."""

from rows import Row, fields, version
from rows.gitlab.repo import AT
from rows.gitlab.triggers import ASIDE, CHILD, SCHEDULES, UNENDED
from rows.source_record import Payload, Repository

USUAL = ".gitlab-ci.yml"


def ci_file(payload: Payload) -> str:
    """Return the path of the file that says what a project's pipelines do."""
    project = fields.child(payload, AT, "payload") or {}
    return fields.text(project, "ci_config_path", AT) or USUAL


def usual_workflow(source: str | None, payload: Payload, repo: Repository) -> dict[str, object]:
    """Return the workflow: the project's CI file, but of schedules and children: they have own.

    What another CI says, or what GitLab runs aside, is of no file of the project, which it must
    not turn red or green.
    """
    if source in (*SCHEDULES, CHILD, None):
        return {}
    if source in (*UNENDED, *ASIDE):
        return {"workflowname": source}
    return {"workflowname": ci_file(payload), "workflowgitid": repo.gitid}


def workflow_rows(payload: Payload, repo: Repository, rank: int) -> list[Row]:
    """Return the row of a project's workflow, which has the project's id; none of no project.

    What the API says stands above what hooks do, which have no time.
    """
    if payload.get(AT) is None:
        return []
    path = ci_file(payload)
    state = {"name": path, "path": path, "state": "active"}
    order = version.timed("workflows", repo.updated, rank, state.values())
    key = {"provider": repo.provider, "gitid": repo.gitid}
    return [Row("workflows", {**key, **state, "url": f"{repo.url}/-/pipelines", "version": order})]
