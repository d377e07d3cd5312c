"""What the fake GitHub answers and sends, held against GitHub's own OpenAPI description."""

import json
from functools import cache
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from fakegithub.payloads import events
from fakegithub.payloads.events import at
from fakegithub.server import Server, serve
from fakegithub.world.history import history
from fakegithub.world.world import World
from tests.fakegithub.strategies import worlds

SCHEMAS = Path(__file__).parents[1] / "fixtures" / "openapi"


@cache
def read(name: str) -> dict:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


@cache
def validator(kind: str, name: str) -> Draft202012Validator:
    source = read("responses.json" if kind == "response" else "webhooks.json")
    schema = source["responses"][name]["schema"] if kind == "response" else source["events"][name]
    return Draft202012Validator({**schema, "$defs": source["$defs"]})


def faults_of(kind: str, name: str, body: object) -> list[str]:
    errors = validator(kind, name).iter_errors(body)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


@pytest.fixture(scope="module")
def github():
    world = history(3, runs=60, jobs=4)
    with serve(world) as server:
        yield server


def get(github: Server, path: str) -> requests.Response:
    return requests.get(f"{github.url}{path}", headers=github.headers, timeout=10)


def ids(github: Server) -> dict[str, object]:
    """Return what the paths of the table below need: a re-run run, its job, a branch, a commit."""
    world = github.world
    view = world.at()
    repo = next(one for one in view.repos("octo-org"))
    run = next(one for one in view.runs(repo.id) if one.attempt > 1)
    head = world.head(repo.id)
    assert head is not None
    failed = [
        job
        for other in view.runs(repo.id)
        for job in view.jobs(other.id)
        if job.conclusion == "failure"
    ]
    return {
        "repo": repo.full_name,
        "run": run.id,
        "job": view.jobs(run.id)[0].id,
        "failed": failed[0].id,
        "branch": "main",
        "sha": head,
        "first": list(view.commits(head))[-1].sha,
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("repository", "/repos/{repo}"),
        ("runs", "/repos/{repo}/actions/runs?per_page=100"),
        ("run", "/repos/{repo}/actions/runs/{run}"),
        ("run_attempt", "/repos/{repo}/actions/runs/{run}/attempts/1"),
        ("run_jobs", "/repos/{repo}/actions/runs/{run}/jobs?filter=all"),
        ("run_attempt_jobs", "/repos/{repo}/actions/runs/{run}/attempts/1/jobs"),
        ("job", "/repos/{repo}/actions/jobs/{job}"),
        ("annotations", "/repos/{repo}/check-runs/{failed}/annotations"),
        ("workflows", "/repos/{repo}/actions/workflows"),
        ("branches", "/repos/{repo}/branches"),
        ("branch", "/repos/{repo}/branches/{branch}"),
        ("commits", "/repos/{repo}/commits"),
        ("commit", "/repos/{repo}/commits/{sha}"),
        ("compare", "/repos/{repo}/compare/{first}...{sha}"),
        ("org_repos", "/orgs/octo-org/repos"),
        ("user_repos", "/users/contributor-1/repos"),
        ("rate_limit", "/rate_limit"),
        ("meta", "/meta"),
    ],
)
def test_answer_of_an_endpoint_is_valid_against_githubs_schema(github, name, path):
    answer = get(github, path.format(**ids(github)))
    assert answer.status_code == 200
    assert answer.json(), "an empty answer proves nothing"
    assert faults_of("response", name, answer.json()) == []


@pytest.mark.parametrize("kind", ["repo", "org"])
def test_answers_about_hooks_are_valid_against_githubs_schema(github, kind):
    world = github.world
    repo_id = world.members[("repo", None)][0]
    owned = {"repo_id": repo_id} if kind == "repo" else {"owner": "octo-org"}
    hook = github.hooks.create("http://127.0.0.1:9/nobody", events=("*",), **owned)
    github.hooks.lose(hook, next(world.deliveries()))
    base = f"/repos/{world.repo(repo_id).full_name}" if kind == "repo" else "/orgs/octo-org"
    record = hook.log[0].id
    wanted = {
        "hooks" if kind == "repo" else "org_hooks": f"{base}/hooks",
        "hook" if kind == "repo" else "org_hook": f"{base}/hooks/{hook.id}",
        "hook_config": f"{base}/hooks/{hook.id}/config",
        "hook_deliveries": f"{base}/hooks/{hook.id}/deliveries",
        "hook_delivery": f"{base}/hooks/{hook.id}/deliveries/{record}",
    }
    for name, path in wanted.items():
        answer = get(github, path)
        assert answer.status_code == 200, path
        assert faults_of("response", name, answer.json()) == []


def event_name(event: str, payload: dict) -> str:
    action = payload.get("action")
    return f"{event}.{action}" if action else event


def test_generated_history_sends_only_payloads_valid_against_githubs_schema():
    for delivery in history(5, runs=12, days=5, jobs=3).deliveries():
        payload = delivery.payload
        assert faults_of("webhook", event_name(delivery.event, payload), payload) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_any_world_sends_only_payloads_valid_against_githubs_schema(world: World):
    for delivery in world.deliveries():
        payload = delivery.payload
        assert faults_of("webhook", event_name(delivery.event, payload), payload) == []


def test_payloads_built_by_hand_are_valid_against_githubs_schema():
    here = events.repository(full_name="octo-org/app", id=7)
    ci = events.workflow(repository=here)
    change = events.commit(repository=here, message="Fix it", time=at("11:59"))
    run = events.run(repository=here, workflow=ci, head=change, created_at=at("12:00"))
    job = events.job(
        run=run, created_at=at("12:00"), started_at=at("12:00:06"), completed_at=at("12:03")
    )
    made = {
        "push": events.push_event(repository=here, commits=[change]),
        "create": events.create_event(repository=here, ref="feature/x"),
        "delete": events.delete_event(repository=here, ref="feature/x"),
        "workflow_run.requested": events.workflow_run_event(
            action="requested", run=run, workflow=ci, repository=here
        ),
        "workflow_job.completed": events.workflow_job_event(
            action="completed", job=job, repository=here
        ),
        "repository.renamed": events.repository_event(
            action="renamed",
            changes={"repository": {"name": {"from": "old"}}},
            repository=here,
        ),
        "ping": events.ping_event(repository=here),
    }
    assert {name: faults_of("webhook", name, payload) for name, payload in made.items()} == {
        name: [] for name in made
    }


@pytest.mark.parametrize("gone", ["id", "run_attempt", "labels", "head_sha"])
def test_job_without_a_required_field_is_refused_by_the_schema(gone):
    """The schemas can fail: a test of these tests."""
    here = events.repository()
    run = events.run(repository=here, workflow=events.workflow(repository=here))
    event = events.workflow_job_event(action="queued", job=events.job(run=run), repository=here)
    del event["workflow_job"][gone]
    assert faults_of("webhook", "workflow_job.queued", event) != []
