"""The parts of payloads that come from Actions: run, job and step objects.

`payloads` re-exports all of this; its docstring shows the use.
"""

from collections.abc import Sequence
from datetime import datetime

from fakegithub.payloads.git_objects import NOON, brief, commit, head_commit
from fakegithub.payloads.templates import API, WEB, Json, iso, node_id, user

HOSTED = "GitHub Actions"
# A step knows fewer conclusions than its job.
STEP_CONCLUSIONS = {"timed_out": "cancelled", "neutral": "success", "action_required": "failure"}
RUNNER_KEYS = ("runner_id", "runner_name", "runner_group_id", "runner_group_name")


def run(
    *,
    repository: Json,
    workflow: Json,
    id: int = 28_150_463_320,
    number: int = 1,
    attempt: int = 1,
    status: str = "queued",
    conclusion: str | None = None,
    event: str = "push",
    head_branch: str | None = "main",
    head: Json | None = None,
    head_repository: Json | None = None,
    name: str | None = None,
    title: str | None = None,
    actor: str | None = "octocat",
    triggering_actor: str | None = None,
    created_at: datetime = NOON,
    run_started_at: datetime | None = None,
    updated_at: datetime | None = None,
    pull_requests: Sequence[Json] = (),
    check_suite_id: int | None = None,
) -> Json:
    """Return a workflow run; `head` is a `commit(...)`, `head_repository` the fork of a fork's PR.

    `created_at` stays fixed over attempts, `run_started_at` is that of this attempt.
    """
    full_name = repository["full_name"]
    head = head or commit(repository=repository)
    suite = check_suite_id or id * 2 + 11
    started = run_started_at or created_at
    base = f"{API}/repos/{full_name}/actions/runs/{id}"
    return {
        "id": id,
        "name": workflow["name"] if name is None else name,
        "node_id": node_id("WFR", repository["id"], id),
        "head_branch": head_branch,
        "head_sha": head["id"],
        "path": workflow["path"],
        "display_title": head["message"].split("\n")[0] if title is None else title,
        "run_number": number,
        "event": event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": workflow["id"],
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", repository["id"], suite),
        "url": base,
        "html_url": f"{WEB}/{full_name}/actions/runs/{id}",
        "pull_requests": list(pull_requests),
        "created_at": iso(created_at),
        "updated_at": iso(updated_at or started),
        "actor": None if actor is None else user(actor),
        "run_attempt": attempt,
        "referenced_workflows": [],
        "run_started_at": iso(started),
        "triggering_actor": _second(triggering_actor, actor),
        "jobs_url": f"{base}/jobs",
        "logs_url": f"{base}/logs",
        "check_suite_url": f"{API}/repos/{full_name}/check-suites/{suite}",
        "artifacts_url": f"{base}/artifacts",
        "cancel_url": f"{base}/cancel",
        "rerun_url": f"{base}/rerun",
        "previous_attempt_url": f"{base}/attempts/{attempt - 1}" if attempt > 1 else None,
        "workflow_url": f"{API}/repos/{full_name}/actions/workflows/{workflow['id']}",
        "head_commit": head_commit(head),
        "repository": brief(repository),
        "head_repository": brief(head_repository or repository),
    }


def _second(first: str | None, otherwise: str | None) -> Json | None:
    login = first or otherwise
    return None if login is None else user(login)


def job(
    *,
    run: Json,
    id: int = 83_456_000_001,
    name: str = "build",
    status: str | None = None,
    conclusion: str | None = None,
    created_at: datetime = NOON,
    started_at: datetime | None = None,
    completed_at: datetime | None = None,
    labels: Sequence[str] = ("ubuntu-latest",),
    runner: tuple[int, str, int, str] | None = None,
    steps: Sequence[Json] | None = None,
) -> Json:
    """Return a job of `run` (its attempt, branch and sha), as it is with the times given.

    Status and conclusion follow from the times where not given. Without `started_at` it has not
    started: `started_at` shows `created_at`, as GitHub does. `conclusion="skipped"` has no labels,
    runner or steps; a start before `created_at` is a copy inherited from an earlier attempt.
    """
    full_name = run["repository"]["full_name"]
    status = status or ("completed" if completed_at else "in_progress" if started_at else "queued")
    if status == "completed" and conclusion is None:
        conclusion = "success"
    if conclusion == "skipped":
        started_at, completed_at, labels = created_at, created_at, ()
    ran = started_at is not None and conclusion != "skipped"
    runner_values: tuple[int | str | None, ...] = (None,) * 4
    if ran and started_at is not None and started_at < created_at:
        runner_values = (0, "", 0, "")
    elif ran:
        runner_values = runner or (id % 1000 + 1, f"GitHub Actions {id % 1000 + 1}", 0, HOSTED)
    elif status == "completed" and conclusion != "skipped":
        runner_values = (0, "", 0, "")
    if steps is None and ran and started_at is not None:
        steps = usual_steps(started_at=started_at, completed_at=completed_at, conclusion=conclusion)
    return {
        "id": id,
        "run_id": run["id"],
        "workflow_name": run["name"],
        "head_branch": run["head_branch"],
        "run_url": run["url"],
        "run_attempt": run["run_attempt"],
        "node_id": node_id("CR", run["repository"]["id"], id),
        "head_sha": run["head_sha"],
        "url": f"{API}/repos/{full_name}/actions/jobs/{id}",
        "html_url": f"{run['html_url']}/job/{id}",
        "status": status,
        "conclusion": conclusion,
        "created_at": iso(created_at),
        "started_at": iso(started_at or created_at),
        "completed_at": iso(completed_at),
        "name": name,
        "steps": list(steps or ()),
        "check_run_url": f"{API}/repos/{full_name}/check-runs/{id}",
        "labels": list(labels),
        **dict(zip(RUNNER_KEYS, runner_values, strict=True)),
    }


def step(
    *,
    name: str = "Run tests",
    number: int = 1,
    started_at: datetime | None = None,
    completed_at: datetime | None = None,
    status: str | None = None,
    conclusion: str | None = None,
) -> Json:
    """Return a step of a job; status and conclusion follow from the times where not given."""
    status = status or ("completed" if completed_at else "in_progress" if started_at else "queued")
    if status == "completed" and conclusion is None:
        conclusion = "success"
    return {
        "name": name,
        "status": status,
        "conclusion": conclusion,
        "number": number,
        "started_at": iso(started_at),
        "completed_at": iso(completed_at),
    }


def usual_steps(
    *, started_at: datetime, completed_at: datetime | None, conclusion: str | None
) -> list[Json]:
    """Return the three steps each job has: set up, run tests (with the conclusion), complete."""
    set_up = step(name="Set up job", number=1, started_at=started_at, completed_at=started_at)
    if completed_at is None:
        return [set_up, step(number=2, started_at=started_at)]
    ended = STEP_CONCLUSIONS.get(conclusion or "", conclusion)
    tests = step(number=2, started_at=started_at, completed_at=completed_at, conclusion=ended)
    done = step(name="Complete job", number=3, started_at=completed_at, completed_at=completed_at)
    return [set_up, tests, done]
