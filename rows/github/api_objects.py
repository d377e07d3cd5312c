"""The router of what is read from the API: which rows an object carries.

Objects are wrapped in the webhook's shape:
`{"workflow_run": run, "workflow": ..., "repository": ...}`.
"""

from __future__ import annotations

from collections.abc import Callable

from rows import Mapped
from rows.github import branch, commit, events, repo, workflow
from rows.github.events import Rows, mapped, part
from rows.github.repo import Repository
from rows.source_record import Payload


def branch_listed(payload: Payload, about: Repository) -> Rows:
    """Return a branch of the API's list."""
    return branch.listed_rows(part(payload, "branch"), about)


def branch_gone(payload: Payload, about: Repository) -> Rows:
    """Return the end of a branch that the API's list no longer has."""
    return branch.unlisted_rows(part(payload, "branch"), about)


def commit_listed(payload: Payload, about: Repository) -> Rows:
    """Return a commit of the API's list."""
    return [commit.listed_row(part(payload, "commit"), about)]


def workflow_listed(payload: Payload, about: Repository) -> Rows:
    """Return a workflow of the API's list."""
    return [workflow.workflow_row(part(payload, "workflow"), about)]


READS: dict[str, Callable[[Payload, Repository], Rows]] = {
    "repository": events.repository,
    "branch": branch_listed,
    "branch_gone": branch_gone,
    "commit": commit_listed,
    "workflow": workflow_listed,
    "workflow_run": events.workflow_run,
    "workflow_job": events.workflow_job,
}


def rows_read(kind: str, payload: Payload) -> Mapped:
    """Return what one object read from the API says; `kind` is one of READS. Raises Unmappable."""
    return mapped(payload, READS[kind], repo.API)
