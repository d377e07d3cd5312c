"""The world behind the fake GitHub: runs and jobs, with the times GitHub would give."""

from datetime import UTC, datetime

import pytest

from fakegithub.api import rest
from fakegithub.world.world import World

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def world():
    return World(seed=1, start=NOON)


@pytest.fixture
def repo(world):
    """A repository with one commit and one workflow, made at noon."""
    repo = world.create_repo("octo-org/app")
    world.push(repo, "First commit", after=10)
    return repo


@pytest.fixture
def ci(world, repo):
    return world.add_workflow(repo, "CI")


def sent(world: World) -> list[tuple[str, str | None]]:
    return [(one.event, one.action) for one in world.deliveries()]


def last(world: World, event: str) -> dict:
    return [one.payload for one in world.deliveries() if one.event == event][-1]


def test_plain_success_is_told_in_order_with_times_of_one_second(world, repo, ci):
    run = world.trigger(ci, after=2)
    build = world.queue_job(run, "build", after=1)
    world.start_job(build, after=6)
    world.finish_job(build, after=120)
    world.finish_run(run, after=1)

    assert sent(world) == [
        ("repository", "created"),
        ("create", None),
        ("push", None),
        ("workflow_run", "requested"),
        ("workflow_job", "queued"),
        ("workflow_job", "in_progress"),
        ("workflow_run", "in_progress"),
        ("workflow_job", "completed"),
        ("workflow_run", "completed"),
    ]
    job = last(world, "workflow_job")["workflow_job"]
    assert job["created_at"] == "2026-03-02T12:00:13Z"
    assert job["started_at"] == "2026-03-02T12:00:19Z"
    assert job["completed_at"] == "2026-03-02T12:02:19Z"
    assert (job["status"], job["conclusion"]) == ("completed", "success")
    assert job["run_id"] == run
    ended = last(world, "workflow_run")["workflow_run"]
    assert ended["created_at"] == "2026-03-02T12:00:12Z"
    assert ended["run_started_at"] == "2026-03-02T12:00:12Z"
    assert ended["updated_at"] == "2026-03-02T12:02:20Z"
    assert (ended["status"], ended["conclusion"]) == ("completed", "success")


def test_queued_job_shows_its_creation_as_start_and_has_no_runner(world, repo, ci):
    run = world.trigger(ci)
    world.queue_job(run, after=1)
    job = last(world, "workflow_job")["workflow_job"]
    assert job["started_at"] == job["created_at"] == "2026-03-02T12:00:11Z"
    assert job["completed_at"] is None
    assert [job[key] for key in ("runner_id", "runner_name", "runner_group_id")] == [None] * 3
    assert job["steps"] == []


def test_rerun_of_failed_jobs_copies_the_others_with_new_id_and_old_times(world, repo, ci):
    run = world.trigger(ci, after=2)
    build, test = world.queue_job(run, "build"), world.queue_job(run, "test")
    for job, conclusion in ((build, "success"), (test, "failure")):
        world.start_job(job, after=5)
        world.finish_job(job, conclusion, after=60)
    world.finish_run(run)
    again = world.rerun_failed(run, actor="grace", after=3600)

    # 12:00:12 triggered; build 12:00:17 to 12:01:17, test 12:01:22 to 12:02:22; again at 13:02:22.
    second = world.run(run)
    assert (second.attempt, second.status, second.conclusion) == (2, "queued", None)
    payload = [
        one.payload["workflow_run"] for one in world.deliveries() if one.action == "requested"
    ][-1]
    assert payload["id"] == run
    assert payload["run_attempt"] == 2
    assert payload["created_at"] == "2026-03-02T12:00:12Z"
    assert payload["run_started_at"] == payload["updated_at"] == "2026-03-02T13:02:22Z"
    assert payload["triggering_actor"]["login"] == "grace"
    assert payload["actor"]["login"] == "octocat"
    assert payload["previous_attempt_url"].endswith(f"/actions/runs/{run}/attempts/1")

    copy, queued = world.jobs_of(run)
    assert [queued.id] == again
    assert copy.id not in (build, test)
    shown = rest.job(world.at(), copy, run=second, repo=world.repo(repo))
    assert shown["name"] == "build"
    assert shown["run_attempt"] == 2
    assert shown["created_at"] == "2026-03-02T13:02:22Z"
    assert shown["started_at"] == "2026-03-02T12:00:17Z"
    assert shown["completed_at"] == "2026-03-02T12:01:17Z"
    assert (shown["runner_id"], shown["runner_name"]) == (0, "")
    assert world.at().attempt(run, 1).conclusion == "failure"
    assert [job.id for job in world.at().jobs(run, attempt=1)] == [build, test]


def test_rerun_of_all_jobs_copies_none(world, repo, ci):
    run = world.trigger(ci)
    build = world.queue_job(run, "build")
    world.start_job(build)
    world.finish_job(build)
    world.finish_run(run)
    again = world.rerun_all(run, after=60)
    assert [(job.id, job.status) for job in world.jobs_of(run)] == [(again[0], "queued")]


def test_skipped_job_is_created_started_and_completed_at_once(world, repo, ci):
    run = world.trigger(ci)
    world.skip_job(run, "deploy", after=5)
    job = last(world, "workflow_job")["workflow_job"]
    assert {job[key] for key in ("created_at", "started_at", "completed_at")} == {
        "2026-03-02T12:00:15Z"
    }
    assert (job["conclusion"], job["labels"], job["steps"]) == ("skipped", [], [])
    assert job["runner_id"] is None


def test_job_cancelled_while_queued_ends_without_runner_or_steps(world, repo, ci):
    run = world.trigger(ci)
    world.queue_job(run, labels=("macos-14",))
    world.cancel(run, after=900)
    job = last(world, "workflow_job")["workflow_job"]
    assert (job["status"], job["conclusion"]) == ("completed", "cancelled")
    assert job["started_at"] == job["created_at"] == "2026-03-02T12:00:10Z"
    assert job["completed_at"] == "2026-03-02T12:15:10Z"
    assert (job["runner_id"], job["runner_name"], job["steps"]) == (0, "", [])
    assert job["labels"] == ["macos-14"]
    assert last(world, "workflow_run")["workflow_run"]["conclusion"] == "cancelled"


def test_gated_job_goes_queued_waiting_queued(world, repo, ci):
    run = world.trigger(ci)
    deploy = world.queue_job(run, "deploy", environment="production")
    world.hold_job(deploy, after=1)
    world.approve_job(deploy, after=3600)
    world.start_job(deploy, after=4)
    jobs = [one.payload for one in world.deliveries() if one.event == "workflow_job"]
    assert [(one["action"], one["workflow_job"]["status"]) for one in jobs] == [
        ("queued", "queued"),
        ("waiting", "waiting"),
        ("queued", "queued"),
        ("in_progress", "in_progress"),
    ]
    assert jobs[2]["deployment"]["environment"] == "production"
    assert jobs[2]["deployment"]["updated_at"] == "2026-03-02T13:00:11Z"


def test_first_time_contributors_run_ends_with_action_required_then_runs(world, repo, ci):
    run = world.trigger(ci, needs_approval=True)
    assert (world.run(run).status, world.run(run).conclusion) == ("completed", "action_required")
    world.approve_run(run, after=60)
    build = world.queue_job(run)
    world.start_job(build, after=5)
    after = world.run(run)
    assert (after.attempt, after.status, after.conclusion) == (1, "in_progress", None)


def test_run_of_a_forks_pull_request_names_the_fork_and_no_pull_request(world, repo, ci):
    fork = world.create_repo("mona/app", owner_type="User", fork=True)
    world.push(fork, "Fix it", branch="patch-1")
    world.trigger(ci, branch="patch-1", event="pull_request", head_repo_id=fork)
    run = last(world, "workflow_run")["workflow_run"]
    assert run["repository"]["full_name"] == "octo-org/app"
    assert run["head_repository"]["full_name"] == "mona/app"
    assert run["head_branch"] == "patch-1"
    assert run["pull_requests"] == []
    world.delete_repo(fork)
    shown = rest.run(world.at(), world.run(run["id"]))
    assert shown["head_repository"] is None


def test_pull_request_of_the_same_repository_is_listed(world, repo, ci):
    world.trigger(ci, event="pull_request", pull_request=12)
    run = last(world, "workflow_run")["workflow_run"]
    assert [pull["number"] for pull in run["pull_requests"]] == [12]


def test_third_partys_check_is_sent_but_not_listed(world, repo, ci):
    run = world.trigger(ci)
    check = world.attach_check(run, "third-party/scan")
    job = last(world, "workflow_job")["workflow_job"]
    assert (job["id"], job["conclusion"], job["labels"]) == (check, "success", [])
    assert job["runner_id"] is None
    assert world.at().jobs(run) == []
    assert world.at().job(check) is None
