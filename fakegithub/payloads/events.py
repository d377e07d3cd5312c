"""Webhook payloads in full size from a few plain values: the words a story is written in.

Each builder takes keyword arguments (times aware, UTC) and returns a new JSON object in GitHub's
shape; what is not given is filled in consistently from what is (urls from full name and ids, node
ids from ids, times from each other). `repository`, `workflow`, `run`, `job`, `step` and `commit`
give the parts, `*_event` the whole payload.

    here = repository(full_name="octo-org/app", id=7)
    ci = workflow(repository=here, name="CI")
    first = run(repository=here, workflow=ci, id=100, created_at=at("12:00:00"))
    body = workflow_run_event(action="requested", run=first, workflow=ci, repository=here)

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from fakegithub.payloads import templates
from fakegithub.payloads.actions_objects import job, run, step, usual_steps
from fakegithub.payloads.git_objects import (
    DAY,
    NOON,
    at,
    brief,
    commit,
    head_commit,
    repository,
    workflow,
)
from fakegithub.payloads.templates import (
    API,
    WEB,
    ZERO_SHA,
    Json,
    iso,
    node_id,
    number_for,
    recorded,
    user,
)

__all__ = [
    "DAY",
    "NOON",
    "ZERO_SHA",
    "at",
    "brief",
    "commit",
    "create_event",
    "delete_event",
    "deployment",
    "head_commit",
    "job",
    "ping_event",
    "push_event",
    "repository",
    "repository_event",
    "run",
    "step",
    "usual_steps",
    "workflow",
    "workflow_job_event",
    "workflow_run_event",
]


def event(
    repository: Json | None, *, sender: str, installation: int | None = None, **parts: Any
) -> Json:
    """Return a payload of `parts` with the objects every event ends with."""
    payload: Json = dict(parts)
    if repository is not None:
        payload["repository"] = repository
        if repository["owner"]["type"] == "Organization":
            payload["organization"] = templates.organization(repository["owner"]["login"])
    payload["sender"] = user(sender)
    if installation is not None:
        payload["installation"] = {"id": installation, "node_id": node_id("I", installation)}
    return payload


def workflow_run_event(
    *, action: str, run: Json, workflow: Json, repository: Json, sender: str | None = None
) -> Json:
    """Return a `workflow_run` event; the sender is the run's triggering actor if not given."""
    sender = sender or _login(run["triggering_actor"])
    return event(repository, sender=sender, action=action, workflow_run=run, workflow=workflow)


def workflow_job_event(
    *,
    action: str,
    job: Json,
    repository: Json,
    sender: str = "octocat",
    deployment: Json | None = None,
) -> Json:
    """Return a `workflow_job` event; `deployment` goes with jobs behind an environment's gate."""
    parts: Json = {"action": action, "workflow_job": job}
    if deployment is not None:
        parts["deployment"] = deployment
    return event(repository, sender=sender, **parts)


def deployment(*, repository: Json, environment: str, job: Json, updated_at: datetime) -> Json:
    """Return the deployment a gated job belongs to."""
    template = deepcopy(recorded("workflow_job__queued_after_approval")["deployment"])
    number = number_for(f"{environment}{job['id']}", 10)
    base = f"{API}/repos/{repository['full_name']}"
    return {
        **template,
        "id": number,
        "node_id": node_id("DE", repository["id"], number),
        "url": f"{base}/deployments/{number}",
        "statuses_url": f"{base}/deployments/{number}/statuses",
        "repository_url": base,
        "environment": environment,
        "original_environment": environment,
        "created_at": job["created_at"],
        "updated_at": iso(updated_at),
        "creator": user("octocat"),
        "sha": job["head_sha"],
        "ref": job["head_branch"],
    }


def _login(person: Json | None) -> str:
    return "ghost" if person is None else str(person["login"])


def push_event(
    *,
    repository: Json,
    ref: str = "refs/heads/main",
    before: str = ZERO_SHA,
    after: str | None = None,
    commits: Sequence[Json] = (),
    head: Json | None = None,
    forced: bool = False,
    base_ref: str | None = None,
    sender: str = "octocat",
    pushed_at: datetime | None = None,
    installation: int | None = None,
) -> Json:
    """Return a push; `before`/`after` of 40 zeros make it a creation or deletion.

    `head` is the head commit where `commits` is empty (a tag, a branch at a known commit).
    Repository times become epoch integers and the owner gains name and email, as in real pushes.
    """
    tip = head or (commits[-1] if commits else None)
    after = after or (tip["id"] if tip else ZERO_SHA)
    full_name = repository["full_name"]
    moment = iso(pushed_at) or repository["pushed_at"]
    owner = repository["owner"]
    email = f"{owner['login']}@users.noreply.github.com"
    pushed = {
        **repository,
        "url": f"{WEB}/{full_name}",
        "created_at": _seconds(repository["created_at"]),
        "pushed_at": _seconds(moment),
        "owner": {"name": owner["login"], "email": email, **owner},
        "stargazers": 0,
        "master_branch": repository["default_branch"],
    }
    if owner["type"] == "Organization":
        pushed["organization"] = owner["login"]
    payload = event(
        pushed,
        sender=sender,
        installation=installation,
        ref=ref,
        before=before,
        after=after,
        pusher={"name": sender, "email": f"{sender}@users.noreply.github.com"},
        created=before == ZERO_SHA,
        deleted=after == ZERO_SHA,
        forced=forced,
        base_ref=base_ref,
        compare=f"{WEB}/{full_name}/compare/{before[:12]}...{after[:12]}",
        commits=list(commits),
        head_commit=None if after == ZERO_SHA else tip,
    )
    return payload


def _seconds(moment: str) -> int:
    return templates.epoch(datetime.fromisoformat(moment))


def create_event(
    *, repository: Json, ref: str, ref_type: str = "branch", sender: str = "octocat"
) -> Json:
    """Return a `create` event; `ref` is the short name of a branch or tag."""
    parts: Json = {"ref": ref, "ref_type": ref_type, "pusher_type": "user"}
    parts["master_branch"] = repository["default_branch"]
    return event(repository, sender=sender, description=repository["description"], **parts)


def delete_event(
    *, repository: Json, ref: str, ref_type: str = "branch", sender: str = "octocat"
) -> Json:
    """Return a `delete` event; `ref` is the short name of a branch or tag."""
    return event(repository, sender=sender, ref=ref, ref_type=ref_type, pusher_type="user")


def repository_event(
    *, action: str, repository: Json, changes: Json | None = None, sender: str = "octocat"
) -> Json:
    """Return a `repository` event: `repository` as it is afterwards, `changes` what it was."""
    parts: Json = {"action": action} if changes is None else {"action": action, "changes": changes}
    return event(repository, sender=sender, **parts)


def ping_event(
    *,
    repository: Json | None,
    hook_id: int = 109948940,
    url: str = "https://ci.example.org/webhook",
    events: Iterable[str] = ("push", "workflow_job", "workflow_run"),
    sender: str = "octocat",
) -> Json:
    """Return the ping of a new hook; without a repository, that of an organisation's hook."""
    template = deepcopy(recorded("ping__repository" if repository else "ping__organization"))
    hook = {**template["hook"], "id": hook_id, "events": list(events)}
    hook["config"] = {**template["hook"]["config"], "url": url}
    payload = event(repository, sender=sender, zen=template["zen"], hook_id=hook_id, hook=hook)
    if repository is None:
        payload["organization"] = template["organization"]
    return payload
