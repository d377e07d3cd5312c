"""A change of the world as the webhook payload GitHub sends for it."""

from collections.abc import Callable
from typing import Any

from fakegithub.payloads import events
from fakegithub.payloads.templates import Json
from fakegithub.world import shapes
from fakegithub.world.entities import Change, Commit, Job, Push, Repo, Run
from fakegithub.world.ledger import Ledger

# A push lists no more than this, whatever was pushed; the API knows the others.
MOST_COMMITS = 2048


def payload_of(world: Ledger, place: int) -> Json:
    """Return the payload of the log's entry at `place`, with all states as they were then."""
    change = world.log[place]
    return BUILDERS[str(change.event)](world, place + 1, change)


def _repo(world: Ledger, seq: int, repo_id: int) -> Repo:
    repo: Repo | None = world.state("repo", repo_id, seq)
    if repo is None:
        repo = next(state for state in reversed(world.history("repo", repo_id, seq)) if state)
    return repo


def _push(world: Ledger, seq: int, change: Change) -> Json:
    repo = _repo(world, seq, change.repo_id)
    push = _detail(change)
    commits = [_commit(world, sha, repo) for sha in push.commits[-MOST_COMMITS:]]
    return events.push_event(
        repository=shapes.repository(repo),
        ref=push.ref,
        before=push.before,
        after=push.after,
        commits=commits,
        head=None if push.head is None else _commit(world, push.head, repo),
        forced=push.forced,
        sender=push.sender,
    )


def _commit(world: Ledger, sha: str, repo: Repo) -> Json:
    commit: Commit = world.state("commit", sha)
    return shapes.commit(commit, repo)


def _detail(change: Change) -> Push:
    if not isinstance(change.detail, Push):
        raise TypeError(f"{change.event} without its push")
    return change.detail


def _create(world: Ledger, seq: int, change: Change) -> Json:
    repo = shapes.repository(_repo(world, seq, change.repo_id))
    return events.create_event(repository=repo, **_ref(change))


def _delete(world: Ledger, seq: int, change: Change) -> Json:
    repo = shapes.repository(_repo(world, seq, change.repo_id))
    return events.delete_event(repository=repo, **_ref(change))


def _ref(change: Change) -> dict[str, str]:
    push = _detail(change)
    _, _, name = push.ref.split("/", 2)
    return {"ref": name, "ref_type": change.kind, "sender": push.sender}


def _repository(world: Ledger, seq: int, change: Change) -> Json:
    changes: Any = change.detail
    return events.repository_event(
        action=str(change.action),
        changes=changes,
        repository=shapes.repository(_repo(world, seq, change.repo_id)),
    )


def _workflow_run(world: Ledger, seq: int, change: Change) -> Json:
    run: Any = change.state
    repo = _repo(world, seq, run.repo_id)
    flow = world.state("workflow", run.workflow_id, seq)
    return events.workflow_run_event(
        action=str(change.action),
        run=run_json(world, seq, run),
        workflow=shapes.workflow(flow, repo),
        repository=shapes.repository(repo),
    )


def run_json(world: Ledger, seq: int, run: Run) -> Json:
    """Return a run with its repository, fork, workflow and commit as they are at a moment."""
    return shapes.run(
        run,
        repo=_repo(world, seq, run.repo_id),
        head_repo=world.state("repo", run.head_repo_id, seq),
        flow=world.state("workflow", run.workflow_id, seq),
        head=world.state("commit", run.sha),
    )


def _workflow_job(world: Ledger, seq: int, change: Change) -> Json:
    job: Any = change.state
    run: Run = world.state("run", job.run_id, seq)
    repo = _repo(world, seq, run.repo_id)
    made = shapes.job(job, run=run, repo=repo)
    here = shapes.repository(repo)
    return events.workflow_job_event(
        action=str(change.action),
        job=made,
        repository=here,
        sender=run.triggering_actor or "ghost",
        deployment=_deployment(job, made, here, change.time),
    )


def _deployment(job: Job, made: Json, repository: Json, time: int) -> Json | None:
    if job.environment is None:
        return None
    return events.deployment(
        repository=repository,
        environment=job.environment,
        job=made,
        updated_at=shapes.moment(time),
    )


BUILDERS: dict[str, Callable[[Ledger, int, Change], Json]] = {
    "push": _push,
    "create": _create,
    "delete": _delete,
    "repository": _repository,
    "workflow_run": _workflow_run,
    "workflow_job": _workflow_job,
}
