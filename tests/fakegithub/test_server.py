"""What the fake GitHub answers about runs, jobs, repositories, branches and commits."""

import pytest
import requests

from fakegithub.server import serve
from fakegithub.world.world import World
from tests.fakegithub.samples import NOON, REPO, RUNS, app_of, get, small_world


@pytest.fixture
def rerun():
    """A run whose test job failed and was run again: 2 jobs in each attempt."""
    world = small_world(runs=1)
    run = world.members[("run", app_of(world))][0]
    build, test = world.queue_job(run, "build"), world.queue_job(run, "test")
    for job, conclusion in ((build, "success"), (test, "failure")):
        world.start_job(job, after=5)
        world.finish_job(job, conclusion, after=60)
    world.finish_run(run)
    (again,) = world.rerun_failed(run, after=600)
    world.start_job(again, after=5)
    with serve(world) as github:
        yield github, run, test, again


def test_list_of_runs_has_only_the_latest_attempt(rerun):
    github, run, _, _ = rerun
    found = get(github, RUNS).json()
    assert found["total_count"] == 1
    assert [(one["id"], one["run_attempt"]) for one in found["workflow_runs"]] == [(run, 2)]
    assert "workflow" not in found["workflow_runs"][0]
    first = get(github, f"{RUNS}/{run}/attempts/1").json()
    assert (first["run_attempt"], first["conclusion"]) == (1, "failure")
    assert get(github, f"{RUNS}/{run}/attempts/3").status_code == 404


def test_jobs_are_those_of_the_latest_attempt_or_of_all(rerun):
    github, run, test, again = rerun
    latest = get(github, f"{RUNS}/{run}/jobs").json()
    assert [job["run_attempt"] for job in latest["jobs"]] == [2, 2]
    assert latest["jobs"][1]["id"] == again
    every = get(github, f"{RUNS}/{run}/jobs?filter=all").json()
    assert every["total_count"] == 4
    assert [job["run_attempt"] for job in every["jobs"]] == [1, 1, 2, 2]
    first = get(github, f"{RUNS}/{run}/attempts/1/jobs").json()
    assert first["jobs"][1]["id"] == test
    alone = get(github, f"{REPO}/actions/jobs/{test}").json()
    assert alone == first["jobs"][1]
    assert alone["steps"][1]["completed_at"].endswith(".000-05:00")


def test_log_is_a_redirect_to_another_host_that_refuses_tokens(rerun):
    github, _, test, again = rerun
    answer = get(github, f"{REPO}/actions/jobs/{test}/logs")
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith(github.blobs)
    assert github.blobs != github.url
    log = requests.get(where, timeout=10)
    assert "##[error]Process completed with exit code 1." in log.text
    refused = requests.get(where, headers=github.headers, timeout=10)
    assert refused.status_code == 400
    assert get(github, f"{REPO}/actions/jobs/{again}/logs").status_code == 404


def test_annotations_of_a_failed_job_tell_why(rerun):
    github, _, test, again = rerun
    told = get(github, f"{REPO}/check-runs/{test}/annotations").json()
    assert [one["message"] for one in told] == ["Process completed with exit code 1."]
    assert get(github, f"{REPO}/check-runs/{again}/annotations").json() == []
    github.annotations[test] = [{**told[0], "message": "assert 1 == 2"}]
    told = get(github, f"{REPO}/check-runs/{test}/annotations").json()
    assert told[0]["message"] == "assert 1 == 2"


def test_renamed_repository_answers_301_to_its_id_with_path_and_query():
    world = small_world(runs=2)
    repo = app_of(world)
    world.rename(repo, "core")
    with serve(world) as github:
        answer = get(github, f"{RUNS}?per_page=1")
        assert answer.status_code == 301
        where = f"{github.url}/repositories/{repo}/actions/runs?per_page=1"
        assert answer.headers["Location"] == where
        assert answer.json()["message"] == "Moved Permanently"
        assert requests.get(where, headers=github.headers, timeout=10).json()["total_count"] == 2
        assert get(github, "/repos/OCTO-ORG/Core").json()["id"] == repo
        other = world.create_repo("octo-org/app")
        assert get(github, "/repos/octo-org/app").json()["id"] == other


def test_branches_are_listed_by_name_commit_and_protection():
    world = small_world()
    repo = app_of(world)
    sha = world.head(repo)
    world.create_branch(repo, "feature/é")
    with serve(world) as github:
        found = get(github, f"{REPO}/branches").json()
        assert [set(branch) for branch in found] == [{"name", "commit", "protected"}] * 2
        assert [branch["name"] for branch in found] == ["feature/é", "main"]
        assert {branch["commit"]["sha"] for branch in found} == {sha}
        one = get(github, f"{REPO}/branches/feature/%C3%A9").json()
        assert one["commit"]["commit"]["message"] == "First commit"
        assert get(github, f"{REPO}/branches/gone").status_code == 404


def test_commits_follow_sha_since_and_until():
    world = small_world()
    repo = app_of(world)
    second = world.push(repo, "Second", after=60)
    world.create_branch(repo, "feature", at=second)
    third = world.push(repo, "Third", after=60, branch="feature")
    with serve(world) as github:
        base = f"{REPO}/commits"

        def messages(query: str) -> list[str]:
            return [one["commit"]["message"] for one in get(github, base + query).json()]

        assert messages("") == ["Second", "First commit"]
        assert messages("?sha=feature") == ["Third", "Second", "First commit"]
        assert messages(f"?sha={third}&since=2026-03-02T12:01:00Z") == ["Third", "Second"]
        assert messages("?sha=feature&until=2026-03-02T12:01:00Z") == ["Second", "First commit"]
        assert get(github, f"{base}/{third}").json()["parents"][0]["sha"] == second
        ahead = get(github, f"{REPO}/compare/main...feature").json()
        assert (ahead["status"], ahead["ahead_by"], ahead["behind_by"]) == ("ahead", 1, 0)
        assert [one["sha"] for one in ahead["commits"]] == [third]


def test_empty_repository_has_no_branches_and_its_commits_are_409():
    world = World(start=NOON)
    world.create_repo("octo-org/app")
    with serve(world) as github:
        assert get(github, f"{REPO}/branches").json() == []
        refused = get(github, f"{REPO}/commits")
        assert (refused.status_code, refused.json()["message"]) == (409, "Git Repository is empty.")


def test_archived_repository_says_so_and_switched_off_actions_too():
    world = small_world()
    repo = app_of(world)
    world.archive(repo)
    world.disable_actions(repo)
    with serve(world) as github:
        assert get(github, "/repos/octo-org/app").json()["archived"] is True
        allowed = get(github, f"{REPO}/actions/permissions").json()
        assert allowed["enabled"] is False


def test_owners_repositories_are_listed_by_kind_of_owner():
    world = small_world()
    world.create_repo("octo-org/secret", private=True)
    world.create_repo("mona/app", owner_type="User")
    with serve(world) as github:
        found = get(github, "/orgs/octo-org/repos").json()
        assert [repo["full_name"] for repo in found] == ["octo-org/app", "octo-org/secret"]
        assert get(github, "/orgs/mona/repos").status_code == 404
        assert get(github, "/users/mona/repos").json()[0]["full_name"] == "mona/app"
