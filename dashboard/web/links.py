"""Addresses of what has a page of its own: every name on a page leads to one."""

import orjson

from dashboard.view.formats import query
from dashboard.web.names import repo_filter
from dashboard.web.request import site

Id = int | None
Text = str | None


def absolute(path: str) -> str:
    """Return where people reach a page of ours; its path, where DASHBOARD_URL does not say."""
    return f"{site().settings.dashboard_url or ''}{path}"


def workflow_page(repoid: int, repo: str, gitid: Id, name: Text) -> str:
    """Return the page of a workflow: by its id, by its name where none is known.

    What has neither has none: then that of its repository's runs.
    """
    chosen = {"workflowgitid": gitid} if gitid is not None else {"workflow": name}
    path = "/workflow" if gitid is not None or name else "/runs"
    return query(path, **repo_filter(repoid, repo), **chosen)


def badge(repoid: int, repo: str, gitid: Id, name: Text) -> str:
    """Return the picture of how a workflow stands on the default branch."""
    chosen = {"workflowgitid": gitid} if gitid is not None else {"workflow": name}
    return query("/badge.svg", **repo_filter(repoid, repo), **chosen)


def job_page(repoid: int, repo: str, gitid: Id, workflow: Text, job: Text) -> str:
    """Return the page of a job of a workflow; see above. One without a name has its workflow's."""
    if not job or (gitid is None and not workflow):
        return workflow_page(repoid, repo, gitid, workflow)
    chosen = {"workflowgitid": gitid} if gitid is not None else {"workflow": workflow}
    return query("/job", **repo_filter(repoid, repo), **chosen, job=job)


def branch_page(repoid: int, repo: str, branch: Text, head: Text = None) -> str:
    """Return the page of a branch, of the fork `head` if that is given."""
    return query("/branch", **repo_filter(repoid, repo), branch=branch, head=head)


def pull_page(repoid: int, repo: str, number: int) -> str:
    """Return the page of a pull request."""
    return query(f"/pr/{number}", **repo_filter(repoid, repo))


def runner_page(name: Text) -> str:
    """Return the page of a runner."""
    return query("/runner", name=name)


def pool_page(pool: str) -> str:
    """Return the page of a pool of runners: the JSON of its group and labels."""
    group, labels = orjson.loads(pool)
    return query("/pool", labels=orjson.dumps(labels).decode(), group=group)
