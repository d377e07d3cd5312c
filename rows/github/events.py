"""The router: which rows a GitHub event carries, or an object that is read from the API.

Objects are wrapped in the webhook's shape: `{"workflow_run": run, "repository": ...}`.
"""

from collections.abc import Callable, Iterable

from rows import Mapped, Row, fields
from rows.github import branch, check_run, commit, job, repo, workflow, workflowrun
from rows.github.event_marks import check_event
from rows.source_record import Payload, Repository, Time

Rows = Iterable[Row]
RowsOf = Callable[[Payload, Repository], Rows]


def part(payload: Payload, key: str) -> Payload:
    """Return the object under `key`. Raises Unmappable where it is missing."""
    return fields.key(fields.child, payload, key, "payload")


def push(payload: Payload, about: Repository) -> Rows:
    """Return the branch a push moved, or the tag it set, and the commits it brought."""
    return [*branch.pushed_rows(payload, about), *commit.pushed_rows(payload, about)]


def create(payload: Payload, about: Repository) -> Rows:
    """Return the stub of a branch that was made."""
    return branch.named_rows(payload, about, "create")


def delete(payload: Payload, about: Repository) -> Rows:
    """Return the end of a branch."""
    return branch.named_rows(payload, about, "delete")


def repository(payload: Payload, about: Repository) -> Rows:
    """Return nothing more than the repository's own rows, or which branch was the default one."""
    return branch.former_default_rows(payload, about)


def workflow_run(payload: Payload, about: Repository) -> Rows:
    """Return the workflow, the run and its attempt."""
    flow = fields.child(payload, "workflow", "payload")
    known = workflow.unlisted_rows(part(payload, "workflow_run"), about) if flow is None else []
    if flow is not None and fields.key_of_part(fields.number, flow, "id", workflow.AT) is not None:
        known.append(workflow.workflow_row(flow, about))
    return [*known, *workflowrun.run_rows(part(payload, "workflow_run"), flow, about)]


def workflow_job(payload: Payload, about: Repository) -> Rows:
    """Return the job, and the stubs of its run and attempt."""
    deployment = fields.child(payload, "deployment", "payload")
    return job.job_rows(part(payload, "workflow_job"), about, deployment)


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


EVENTS: dict[str, RowsOf] = {
    "push": push,
    "create": create,
    "delete": delete,
    "repository": repository,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
}
"""Every event that we ask GitHub for."""

READS: dict[str, RowsOf] = {
    "repository": repository,
    "branch": branch_listed,
    "branch_gone": branch_gone,
    "commit": commit_listed,
    "workflow": workflow_listed,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
    "check_run": check_run.listed_rows,
}


def rows_for(
    event: str, payload: Payload, about: Repository | None = None, received: Time = None
) -> Mapped:
    """Return what one delivery says. Raises Unmappable where a key cannot be read.

    `event` is one of EVENTS, `about` the payload's repository if that was read already. An unread
    field may hold anything. Times far ahead of when it was `received` order nothing.
    """
    about = repo.at_reception(about or repo.read_repository(payload), received)
    return mapped(check_event(event, payload), about, EVENTS[event], repo.rank_of(event))


def rows_read(kind: str, payload: Payload, read: Time = None) -> Mapped:
    """Return what one object read from the API says; `kind` is one of READS. Raises Unmappable."""
    return mapped(payload, repo.at_reading(payload, read), READS[kind], repo.API)


def mapped(payload: Payload, about: Repository, rows_of: RowsOf, rank: int) -> Mapped:
    """Return the repository's rows and those of `rows_of`."""
    with fields.Noting() as notes:
        rows = (*repo.alias_rows(about), *rows_of(payload, about))
        own = repo.repo_row(payload, about, rank)
    return Mapped(about.provider, own, rows, (*about.notes, *notes), repo.is_end(payload))
