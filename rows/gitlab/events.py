"""The router: which rows a GitLab event carries, or an object that is read from the API.

Objects of the API are wrapped with their project: `{"project": ..., "pipeline": ..., "jobs": []}`.
"""

from collections.abc import Callable, Iterable

from rows import Mapped, Row, Unmappable, fields, version
from rows.gitlab import branch, clock, commit, lone_job, repo, workflow, workflowrun
from rows.source_record import Payload, Repository, Time

Rows = Iterable[Row]
RowsOf = Callable[[Payload, Repository], Rows]

KIND, NAME = "object_kind", "event_name"
"""What tells an event: the second where there is no first."""


def part(payload: Payload, key: str) -> Payload:
    """Return the object under `key`. Raises Unmappable where it is missing."""
    return fields.key(fields.child, payload, key, "payload")


def pipeline(payload: Payload, about: Repository) -> Rows:
    """Return the run, its attempt, its latest jobs, and the workflow."""
    own = workflow.workflow_rows(payload, about, repo.PASSING)
    return [*own, *workflowrun.hook_rows(payload, about)]


def build(payload: Payload, about: Repository) -> Rows:
    """Return the job, and the stubs of its run and attempt."""
    return lone_job.build_rows(payload, about)


def push(payload: Payload, about: Repository) -> Rows:
    """Return the branch a push moved, and the newest twenty commits it brought."""
    return [*branch.pushed_rows(payload, about), *commit.pushed_rows(payload, about)]


def tag_push(payload: Payload, about: Repository) -> Rows:
    """Return the tag a push set, and the commits it brought."""
    return [*branch.tag_rows(payload, about), *commit.pushed_rows(payload, about)]


def project(payload: Payload, about: Repository) -> Rows:
    """Return nothing more than the repository's own rows."""
    return ()


def project_read(payload: Payload, about: Repository) -> Rows:
    """Return the workflow of a project that was read."""
    return workflow.workflow_rows(payload, about, repo.API)


def pipeline_read(payload: Payload, about: Repository) -> Rows:
    """Return the rows of a pipeline that was read, with its jobs."""
    return workflowrun.listed_rows(payload, about)


def job_read(payload: Payload, about: Repository) -> Rows:
    """Return the rows of a job that was read."""
    return lone_job.job_rows(payload, about)


def branch_listed(payload: Payload, about: Repository) -> Rows:
    """Return a branch of the API's list."""
    return branch.listed_rows(part(payload, "branch"), about)


def branch_gone(payload: Payload, about: Repository) -> Rows:
    """Return the end of a branch that the API's list no longer has."""
    return branch.unlisted_rows(part(payload, "branch"), about)


def commit_listed(payload: Payload, about: Repository) -> Rows:
    """Return a commit of the API's list."""
    return [commit.listed_row(part(payload, "commit"), about)]


EVENTS: dict[str, RowsOf] = {
    "pipeline": pipeline,
    "build": build,
    "push": push,
    "tag_push": tag_push,
    **dict.fromkeys(repo.SYSTEM_EVENTS, project),
}
"""Every event that rows are made of; those of a project come from system hooks alone."""

READS: dict[str, RowsOf] = {
    "project": project_read,
    "branch": branch_listed,
    "branch_gone": branch_gone,
    "commit": commit_listed,
    "pipeline": pipeline_read,
    "job": job_read,
}


def rows_for(
    event: str, payload: Payload, about: Repository | None = None, received: Time = None
) -> Mapped:
    """Return what one delivery says. Raises Unmappable where a key cannot be read.

    `event` is one of EVENTS, `about` the payload's project if that was read already. What has no
    time of its own is as new as it was `received`.
    """
    check_event(event, payload)
    about = repo.at_reception(about or repo.read_repository(payload), received)
    rank = repo.EVENT if event in repo.SYSTEM_EVENTS else repo.PASSING
    return mapped(payload, about, EVENTS[event], rank)


def rows_read(kind: str, payload: Payload, read: Time = None) -> Mapped:
    """Return what one object read from the API says; `kind` is one of READS. Raises Unmappable."""
    about = repo.at_reading(payload, read)
    if kind in ("branch", "branch_gone"):  # which have no time but that of the answer
        about = about._replace(received=read)
    return mapped(payload, about, READS[kind], repo.API)


def check_event(event: str, payload: Payload) -> None:
    """Raise Unmappable for a body of another event than its delivery was stored as."""
    key = KIND if payload.get(KIND) is not None else NAME
    if fields.key(fields.text, payload, key, "payload") != event:
        raise Unmappable(f"payload.{key}", f"is not {event}")


def action_of(payload: Payload) -> object:
    """Return the status that a hook tells of, None for one of no pipeline or job."""
    attributes = payload.get(workflowrun.HOOK_AT)
    if payload.get(KIND) == "build" or not isinstance(attributes, dict):
        return payload.get("build_status")
    return attributes.get("status")


def mapped(payload: Payload, about: Repository, rows_of: RowsOf, rank: int) -> Mapped:
    """Return the project's rows and those of `rows_of`."""
    with fields.Noting() as notes:
        latest = None if rank == repo.API else last_time(payload, about)
        rows = (*repo.alias_rows(about, latest), *rows_of(payload, about))
        own = repo.repo_row(payload, about, rank, latest)
    return Mapped(about.provider, own, rows, (*about.notes, *notes), repo.is_end(payload))


def last_time(payload: Payload, about: Repository) -> Time:
    """Return the last time that a hook of a pipeline or a job says."""
    at, attributes = "payload", payload.get(workflowrun.HOOK_AT)
    if not isinstance(attributes, dict):
        attributes = {}
    times = [
        *(clock.moment(attributes, key, at) for key in ("created_at", "finished_at")),
        *(
            clock.moment(payload, f"build_{key}_at", at)
            for key in ("created", "started", "finished")
        ),
    ]
    return max(
        filter(None, (version.believed(time, about.received) for time in times)), default=None
    )
