"""States as JSON: the objects that webhooks and the REST API have in common."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from fakegithub.payloads import actions_objects, git_objects
from fakegithub.payloads.templates import API, WEB, Json
from fakegithub.world.entities import Commit, Job, Repo, Run, Step, Workflow


def when(seconds: int | None) -> datetime | None:
    """Return the aware UTC time of whole seconds since 1970."""
    return None if seconds is None else moment(seconds)


@lru_cache(maxsize=65_536)
def moment(seconds: int) -> datetime:
    """Return the aware UTC time of whole seconds since 1970, never None."""
    return datetime.fromtimestamp(seconds, UTC)


def repository(repo: Repo) -> Json:
    """Return a repository as events carry it."""
    return git_objects.repository(
        full_name=repo.full_name,
        id=repo.id,
        owner_type=repo.owner_type,
        private=repo.private,
        archived=repo.archived,
        fork=repo.fork,
        default_branch=repo.default_branch,
        description=repo.description,
        created_at=moment(repo.created_at),
        updated_at=moment(repo.updated_at),
        pushed_at=moment(repo.pushed_at),
    )


def workflow(flow: Workflow, repo: Repo) -> Json:
    """Return a workflow; events and the API agree."""
    return git_objects.workflow(
        repository={
            "full_name": repo.full_name,
            "id": repo.id,
            "default_branch": repo.default_branch,
        },
        id=flow.id,
        name=flow.name,
        path=flow.path,
        state=flow.state,
        created_at=moment(flow.created_at),
        updated_at=moment(flow.updated_at),
    )


def commit(made: Commit, repo: Repo) -> Json:
    """Return a commit as pushes list it, its time in the author's zone."""
    zone = timezone(timedelta(minutes=made.offset))
    return git_objects.commit(
        repository={"full_name": repo.full_name},
        sha=made.sha,
        message=made.message,
        author=made.author,
        email=made.email,
        login=made.login,
        time=moment(made.time).astimezone(zone),
    )


def run(state: Run, *, repo: Repo, head_repo: Repo | None, flow: Workflow, head: Commit) -> Json:
    """Return a run; `head_repo` None is a fork that is gone (head_repository null)."""
    here = repository(repo)
    there = here if head_repo is None or head_repo.id == repo.id else repository(head_repo)
    pulls = [] if state.pull_request is None else [pull_request(state, repo)]
    made = actions_objects.run(
        repository=here,
        workflow=workflow(flow, repo),
        id=state.id,
        number=state.number,
        attempt=state.attempt,
        status=state.status,
        conclusion=state.conclusion,
        event=state.event,
        head_branch=state.branch,
        head=commit(head, repo),
        head_repository=there,
        name=state.name,
        title=state.title,
        actor=state.actor,
        triggering_actor=state.triggering_actor,
        created_at=moment(state.created_at),
        run_started_at=moment(state.run_started_at),
        updated_at=moment(state.updated_at),
        pull_requests=pulls,
    )
    if state.name is None:
        made["name"] = None
    if head_repo is None:
        made["head_repository"] = None
    return made


def pull_request(state: Run, repo: Repo) -> Json:
    """Return the short pull request that a run of a branch of the same repository lists."""
    base = f"{API}/repos/{repo.full_name}"
    here = {"id": repo.id, "url": base, "name": repo.full_name.split("/")[1]}
    number = state.pull_request or 0
    return {
        "url": f"{base}/pulls/{number}",
        "id": repo.id + number,
        "number": number,
        "head": {"ref": state.branch, "sha": state.sha, "repo": here},
        "base": {"ref": repo.default_branch, "sha": state.sha, "repo": here},
    }


def job(state: Job, *, run: Run, repo: Repo) -> Json:
    """Return a job, its runner as recorded (null, 0 and "" or a real one)."""
    context = {
        "id": run.id,
        "name": run.name,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "run_attempt": state.attempt,
        "url": f"{API}/repos/{repo.full_name}/actions/runs/{run.id}",
        "html_url": f"{WEB}/{repo.full_name}/actions/runs/{run.id}",
        "repository": {"id": repo.id, "full_name": repo.full_name},
    }
    made = actions_objects.job(
        run=context,
        id=state.id,
        name=state.name,
        status=state.status,
        conclusion=state.conclusion,
        created_at=moment(state.created_at),
        started_at=when(state.started_at),
        completed_at=when(state.completed_at),
        labels=state.labels,
        steps=None if state.steps is None else [step(one) for one in state.steps],
    )
    made.update(zip(actions_objects.RUNNER_KEYS, state.runner or (None,) * 4, strict=True))
    return made


def step(state: Step) -> Json:
    """Return a step as webhooks give it."""
    return actions_objects.step(
        name=state.name,
        number=state.number,
        status=state.status,
        conclusion=state.conclusion,
        started_at=when(state.started_at),
        completed_at=when(state.completed_at),
    )
