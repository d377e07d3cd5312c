"""A branch that a list leaves out is asked for by its name before it is called deleted."""

import pytest
import sqlalchemy as sa

from backfill.github import branches_and_workflows, recent_changes
from fakegithub.api.answers import Answer, error
from fakegithub.api.lies import Lie
from schema.tables.ci import branches, commits
from tests.backfill.audit.test_audit import named, prove
from tests.backfill.filling import fill, served
from tests.backfill.lossy import LONG_AGO, desk_of, here_of
from tests.fakegithub.samples import app_of, small_world

pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("small_pages"),
]

NAMES = [f"b{number:02}" for number in range(12)]
PAGE_ONE = r"/branches\?per_page=5$"
LIES = {
    "ends after its first page": Lie(PAGE_ONE, ends=True),
    "has an empty first page": Lie(PAGE_ONE, is_empty=True),
    "has an empty second page": Lie(r"/branches\?.*page=2", is_empty=True),
    "knows nothing": Lie(r"/branches\?", is_empty=True, ends=True),
    "hides names": Lie(r"/branches\?", frozenset({"b00", "b07", "main"})),
}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for pages of five branches, so that a small world has several."""
    monkeypatch.setattr(branches_and_workflows, "BRANCHES", "branches?per_page=5")


def world_of_branches():
    world = small_world()
    for name in NAMES:
        world.create_branch(app_of(world), name, after=1)
    return world, app_of(world)


def deleted(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        chosen = sa.select(branches.c.name).where(branches.c.deletetime.is_not(None))
        return set(connection.scalars(chosen))


def head_of(engine: sa.Engine, name: str) -> str | None:
    with engine.connect() as connection:
        return connection.scalar(sa.select(branches.c.headhash).where(branches.c.name == name))


@pytest.mark.parametrize("lie", LIES)
def test_list_that_leaves_branches_out_deletes_only_those_that_are_gone(engine, store_url, lie):
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        world.delete_branch(repo, "b03", after=60)
        moved = world.push(repo, "Move", branch="b07", after=60)
        github.lies = [LIES[lie]]
        assert {name for kind, name in named(prove(engine, github, world, repo))} == {
            "b03",
            "b07",
            moved,
        }
        assert fill(world, repo) == 0
        assert deleted(engine) == {"b03"}
        assert head_of(engine, "b07") == moved
        assert prove(engine, github, world, repo).findings == ()
        github.lies = []
        assert fill(world, repo) == 0
    assert deleted(engine) == {"b03"}


def test_list_alone_would_have_called_them_deleted(engine, store_url, monkeypatch):
    """The control: without asking by name, each of the lies deletes branches that are there."""
    monkeypatch.setattr(branches_and_workflows, "find_branch", lambda *_: None)
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [LIES["knows nothing"]]
        assert fill(world, repo) == 0
    assert deleted(engine) == {*NAMES, "main"}


def test_many_are_asked_for_some_at_a_time_and_in_the_end_all(engine, store_url, monkeypatch):
    monkeypatch.setattr(branches_and_workflows, "MOST", 5)
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        for name in ("b01", "b06", "b11"):
            world.delete_branch(repo, name, after=60)
        github.lies = [LIES["knows nothing"]]
        found = prove(engine, github, world, repo)
        assert named(found) == {("branch", "b01"), ("unreadable", "branches list")}
        assert "8 branches that it leaves out are not asked for" in found.findings[1].why
        for gone in ({"b01"}, {"b01", "b06"}, {"b01", "b06", "b11"}):
            since = len(github.requests)
            assert fill(world, repo) == 0
            assert deleted(engine) == gone
            asked = [one.path for one in github.requests[since:] if "/branches/" in one.path]
            assert len(asked) == len(set(asked)) == 5


def test_list_that_goes_on_lying_costs_nothing_and_hides_no_later_deletion(engine, store_url):
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [LIES["knows nothing"]]
        with desk_of(engine, github) as desk:
            here = here_of(desk, world, repo)
            recent_changes.read_moved_branches(desk, here, LONG_AGO)
            before = github.counted
            recent_changes.read_moved_branches(desk, here, LONG_AGO)
            assert github.counted == before
            world.delete_branch(repo, "b09", after=60)
            recent_changes.read_moved_branches(desk, here_of(desk, world, repo), LONG_AGO)
            desk.writer.flush()
    assert deleted(engine) == {"b09"}


def test_branch_that_cannot_be_asked_for_is_named_and_not_called_deleted(engine, store_url, capsys):
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [LIES["knows nothing"]]
        github.faults.lasting = [(r"/branches/b08$", "500")]
        assert named(prove(engine, github, world, repo)) == {("unreadable", "branch b08")}
        assert fill(world, repo) == 1
        assert "branch b08: GitHub answers 500; left due" in capsys.readouterr().err
    assert deleted(engine) == set()


def test_key_that_may_see_no_branch_any_more_deletes_none(engine, store_url):
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [LIES["knows nothing"]]
        hidden = list[str]()

        def hide(path: str, answer: Answer) -> Answer:
            if "/branches/" in path:
                hidden.append(path)
            return error(404, "Not Found") if "/branches" in path and hidden else answer

        github.change = hide
        assert fill(world, repo) == 1
    assert deleted(engine) == set()


def test_branch_whose_name_leads_to_another_is_gone(engine, store_url):
    """GitHub answers for the former name of a renamed branch with a redirect to the new one."""
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        world.create_branch(repo, "new", at=world.head(repo, "b05"), after=60)
        world.delete_branch(repo, "b05")
        target = {"Location": f"{github.url}/repositories/{repo}/branches/new"}
        github.change = lambda path, answer: (
            Answer(301, None, target) if path.endswith("/branches/b05") else answer
        )
        assert fill(world, repo) == 0
    assert deleted(engine) == {"b05"}


@pytest.mark.parametrize("name", ["feature/ä b", "50%", "a#b?c", "a+b", "…"])
def test_name_with_any_letters_is_asked_for_as_it_is(engine, store_url, name):
    world, repo = world_of_branches()
    world.create_branch(repo, name, after=1)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        github.lies = [LIES["knows nothing"]]
        assert fill(world, repo) == 0
    assert deleted(engine) == set()


def test_default_branch_that_the_first_list_leaves_out_is_read_with_its_commits(engine, store_url):
    world, repo = world_of_branches()
    with served(world, store_url) as github:
        github.lies = [LIES["hides names"]]
        assert fill(world, repo, "--commits", "all") == 0
    assert head_of(engine, "main") == world.head(repo)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(commits.c.hash)).all() == [world.head(repo)]
