"""The world behind the fake GitHub: repositories, branches, commits, and its clock."""

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


def test_push_gives_repository_times_as_integers_and_others_as_text(world, repo):
    world.push(repo, "Second commit", after=50)
    push = last(world, "push")
    # 2026-03-02 12:00:00 UTC is 1772452800; the push is at 12:01:00.
    assert push["repository"]["created_at"] == 1772452800
    assert push["repository"]["pushed_at"] == 1772452860
    world.create_branch(repo, "feature")
    create = last(world, "create")
    assert create["repository"]["pushed_at"] == "2026-03-02T12:01:00Z"
    assert rest.full_repository(world.repo(repo))["pushed_at"] == "2026-03-02T12:01:00Z"


def test_branch_made_deleted_and_made_again_sends_zero_shas(world, repo):
    first = world.head(repo)
    world.create_branch(repo, "feature/x", after=5)
    world.delete_branch(repo, "feature/x", after=5)
    world.create_branch(repo, "feature/x", push_first=True, after=5)
    made = [one for one in world.deliveries() if one.payload["repository"]["id"] == repo][-6:]
    zero = "0" * 40
    pushes = [one.payload for one in made if one.event == "push"]
    assert [one.event for one in made] == ["create", "push", "delete", "push", "push", "create"]
    assert [(one["before"], one["after"]) for one in pushes] == [
        (zero, first),
        (first, zero),
        (zero, first),
    ]
    assert [(one["created"], one["deleted"]) for one in pushes] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert pushes[0]["commits"] == []
    assert pushes[0]["head_commit"]["id"] == first
    assert pushes[1]["head_commit"] is None
    assert made[0].payload["ref"] == "feature/x"
    assert pushes[0]["ref"] == "refs/heads/feature/x"


def test_force_push_leaves_the_old_commit_out_of_history(world, repo):
    first = world.head(repo)
    second = world.push(repo, "Second")
    third = world.force_push(repo, "Better second", branch="main", after=1)
    push = last(world, "push")
    assert (push["forced"], push["before"], push["after"]) == (True, second, third)
    assert [commit.sha for commit in world.at().commits(third)] == [third, first]


def test_commit_without_account_has_no_username_and_null_author(world, repo):
    sha = world.push(repo, "Fix", author="李小龍", email="li@example.org", login=None, offset=-480)
    pushed = last(world, "push")["commits"][0]
    assert pushed["author"] == {"name": "李小龍", "email": "li@example.org"}
    assert pushed["timestamp"] == "2026-03-02T04:00:10-08:00"
    shown = rest.commit(world.at().commit(sha), world.repo(repo))
    assert shown["author"] is None
    assert shown["commit"]["author"] == {
        "name": "李小龍",
        "email": "li@example.org",
        "date": "2026-03-02T12:00:10Z",
    }


def test_push_of_3000_commits_lists_2048_of_them(world, repo):
    world.push(repo, *(f"Commit {number}" for number in range(3000)))
    push = last(world, "push")
    assert len(push["commits"]) == 2048
    assert push["commits"][-1]["message"] == push["head_commit"]["message"] == "Commit 2999"
    assert sum(1 for _ in world.at().commits(push["after"])) == 3001


def test_tag_is_pushed_with_its_head_commit_and_no_commits(world, repo):
    world.tag(repo, "v1.0")
    push = last(world, "push")
    assert (push["ref"], push["commits"]) == ("refs/tags/v1.0", [])
    assert push["head_commit"]["id"] == world.head(repo)
    assert (last(world, "create")["ref"], last(world, "create")["ref_type"]) == ("v1.0", "tag")


def test_renamed_repository_keeps_its_id_and_its_old_name_may_be_taken(world, repo):
    world.rename(repo, "core", after=5)
    event = last(world, "repository")
    assert event["action"] == "renamed"
    assert event["changes"] == {"repository": {"name": {"from": "app"}}}
    assert event["repository"]["full_name"] == "octo-org/core"
    assert event["repository"]["updated_at"] == "2026-03-02T12:00:15Z"
    assert world.at().repo_named("octo-org/app").id == repo
    other = world.create_repo("octo-org/app", after=5)
    assert other != repo
    assert world.at().repo_named("octo-org/app").id == other
    assert world.at().repo_named("octo-org/core").id == repo


def test_transfer_names_the_former_owner(world, repo):
    world.transfer(repo, "other-org")
    event = last(world, "repository")
    assert event["repository"]["full_name"] == "other-org/app"
    assert event["changes"]["owner"]["from"]["organization"]["login"] == "octo-org"


def test_ids_of_runs_and_jobs_are_above_2_to_the_40(world, repo, ci):
    run = world.trigger(ci)
    assert run > 1_099_511_627_776
    assert world.queue_job(run) > 1_099_511_627_776


def test_view_of_an_earlier_moment_shows_the_world_as_it_was(world, repo, ci):
    run = world.trigger(ci, after=2)
    build = world.queue_job(run, after=1)
    world.start_job(build, after=6)
    world.delete_branch(repo, "main", after=60)
    then = world.at(datetime(2026, 3, 2, 12, 0, 13, tzinfo=UTC))
    assert then.job(build).status == "queued"
    assert then.run(run).status == "queued"
    assert [branch.name for branch in then.branches(repo)] == ["main"]
    assert world.at().branches(repo) == []
    assert world.at(datetime(2026, 3, 2, 12, 0, 11, tzinfo=UTC)).run(run) is None


def test_runs_past_retention_are_not_listed(world, repo, ci):
    old = world.trigger(ci)
    new = world.trigger(ci, after=91 * 86_400)
    view = world.at(retention_days=90)
    assert [run.id for run in view.runs(repo)] == [new]
    assert view.run(old) is None


def test_deleted_run_is_not_listed(world, repo, ci):
    first, second = world.trigger(ci), world.trigger(ci, after=1)
    world.delete_run(first)
    assert [run.id for run in world.at().runs(repo)] == [second]


def test_silent_change_shows_in_the_api_and_is_never_sent(world, repo, ci):
    before = len(sent(world))
    with world.silently():
        run = world.trigger(ci)
    assert len(sent(world)) == before
    assert world.at().run(run).status == "queued"


def test_clock_does_not_go_back(world):
    with pytest.raises(ValueError, match="cannot go back"):
        world.advance(-1)
