"""The router: which rows a GitHub event carries. `EVENTS` is every event we ask GitHub for.

`ignored` has those that carry none, `api_objects` the same for what is read from the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rows import Mapped, Row, fields
from rows.github import branch, commit, job, repo, workflow, workflowrun
from rows.github.repo import Repository
from rows.source_record import Payload, SeenRepository

Rows = Iterable[Row]


def part(payload: Payload, key: str) -> Payload:
    """Return the object under `key`. Raises Unmappable where it is missing."""
    return fields.needed(fields.child(payload, key, "payload"), "payload", key)


def push(payload: Payload, about: Repository) -> Rows:
    """Return the branch a push moved and the commits it brought."""
    return [*branch.pushed_rows(payload, about), *commit.pushed_rows(payload, about)]


def create(payload: Payload, about: Repository) -> Rows:
    """Return the stub of a branch that was made."""
    return branch.named_rows(payload, about, "create")


def delete(payload: Payload, about: Repository) -> Rows:
    """Return the end of a branch."""
    return branch.named_rows(payload, about, "delete")


def repository(payload: Payload, about: Repository) -> Rows:
    """Return nothing more than the repository's own rows."""
    return []


def workflow_run(payload: Payload, about: Repository) -> Rows:
    """Return the workflow, the run and its attempt."""
    run = part(payload, "workflow_run")
    flow = fields.child(payload, "workflow", "payload")
    known = [] if flow is None else [workflow.workflow_row(flow, about)]
    return [*known, *workflowrun.run_rows(run, flow, about)]


def workflow_job(payload: Payload, about: Repository) -> Rows:
    """Return the job, and the stubs of its run and attempt."""
    deployment = fields.child(payload, "deployment", "payload")
    return job.job_rows(part(payload, "workflow_job"), about, deployment)


EVENTS: dict[str, Callable[[Payload, Repository], Rows]] = {
    "push": push,
    "create": create,
    "delete": delete,
    "repository": repository,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
}


def repository_of(payload: Payload) -> SeenRepository | None:
    """Return the repository a payload is about, None for one without. Raises Unmappable."""
    if payload.get("repository") is None:
        return None
    about, former = repo.repository(payload), tuple(repo.former_names(payload))
    return SeenRepository(about.provider, about.gitid, about.name, former)


def mapped(payload: Payload, rows_of: Callable[[Payload, Repository], Rows], rank: int) -> Mapped:
    """Return the repository's rows and those of `rows_of`."""
    about = repo.repository(payload)
    aliases = repo.alias_rows(about, repo.former_names(payload))
    rows = rows_of(payload, about)
    return Mapped(about.provider, repo.repo_row(payload, about, rank), (*aliases, *rows))


def rows_for(event: str, payload: Payload) -> Mapped:
    """Return what one delivery says. Raises Unmappable for a field of the wrong type.

    `event` is one of EVENTS. An unread field may hold anything.
    """
    rank = repo.EVENT if event == "repository" else repo.PASSING
    return mapped(payload, EVENTS[event], rank)
