"""A project's CI file -> workflows: GitLab has one in each project."""

from rows import Row, fields, version
from rows.gitlab.repo import AT
from rows.source_record import Payload, Repository

USUAL = ".gitlab-ci.yml"


def ci_file(payload: Payload) -> str:
    """Return the path of the file that says what a project's pipelines do."""
    project = fields.child(payload, AT, "payload") or {}
    return fields.text(project, "ci_config_path", AT) or USUAL


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
