"""Branches that come, move and go, and the commits that lead back to the oldest run."""

import sqlalchemy as sa

from fakegithub.api.answers import Answer
from fakegithub.server import Server
from schema.tables.ci import branches, commits
from tests.backfill.filling import fill, served
from tests.backfill.test_complete import on_sqlite, stored
from tests.backfill.watching import after
from tests.fakegithub.samples import NOON, app_of, flow_of, small_world


def test_branch_that_is_no_longer_listed_is_deleted_and_keeps_its_row(engine, store_url):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "feature", after=1)
    with served(world, store_url):
        assert fill(world, repo) == 0
        world.delete_branch(repo, "feature", after=60)
        assert fill(world, repo) == 0
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(branches.c.name, branches.c.headhash, branches.c.deletetime).order_by("name")
        ).all()
    gone = NOON.replace(tzinfo=None, minute=1, second=1)
    assert [tuple(row) for row in found] == [
        ("feature", None, gone),
        ("main", world.head(repo), None),
    ]


@on_sqlite
def test_branch_that_moves_between_pages_is_not_taken_for_deleted(engine, store_url):
    world = small_world()
    repo = app_of(world)
    for number in range(150):
        world.create_branch(repo, f"b{number:03}", after=1)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        world.push(repo, "Move", branch="b149", after=60)
        # b100 moves to the first page while the second is being asked for. Before that, both
        # pages are asked for to know whether anything changed.
        for _ in range(2):
            after(github, r"/branches\?", lambda: None)
        after(github, r"/branches\?", lambda: world.delete_branch(repo, "b000", after=1))
        assert fill(world, repo) == 0
    with engine.connect() as connection:
        chosen = sa.select(branches.c.name).where(branches.c.deletetime.is_not(None))
        assert connection.scalars(chosen).all() == ["b000"]
        assert connection.execute(sa.select(sa.func.count()).select_from(branches)).scalar() == 151


def test_commits_go_back_to_the_oldest_run_and_heads_are_whole(engine, store_url):
    world = small_world()
    repo = app_of(world)
    old = world.head(repo)
    for _ in range(5):
        world.push(repo, "More", after=3600)
    first = world.head(repo)
    world.trigger(flow_of(world))
    later = [world.push(repo, "Later", after=3600) for _ in range(3)]
    world.create_branch(repo, "release", at=old)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        assert set(stored(engine, commits.c.hash)) == {old, first, *later}
        newer = [world.push(repo, "Newer", after=3600) for _ in range(120)]
        asked = len(github.requests)
        assert fill(world, repo) == 0
        assert set(stored(engine, commits.c.hash)) == {old, first, *later, *newer}
        assert sum("/compare/" in one.path for one in github.requests[asked:]) == 2
        assert not any("/commits?" in one.path for one in github.requests[asked:])
        assert fill(world, repo, "--commits", "all") == 0
        assert len(stored(engine, commits.c.hash)) == 1 + 5 + 3 + 120


@on_sqlite
def test_newest_commits_only(engine, store_url):
    world = small_world()
    repo = app_of(world)
    pushed = [world.push(repo, f"Change {number}", after=60) for number in range(230)]
    with served(world, store_url) as github:
        assert fill(world, repo, "--commits", "120") == 0
        assert set(stored(engine, commits.c.hash)) == set(pushed[-120:])
        asked = len(github.requests)
        assert fill(world, repo, "--commits", "120") == 0
        assert not any("commits" in one.path for one in github.requests[asked:])
        assert fill(world, repo, "--commits", "150") == 0
        assert set(stored(engine, commits.c.hash)) == set(pushed[-150:])


@on_sqlite
def test_force_push_to_the_default_branch_is_followed(engine, store_url):
    world = small_world(runs=1)
    repo = app_of(world)
    world.push(repo, "Good", after=60)
    with served(world, store_url):
        assert fill(world, repo) == 0
        forced = world.force_push(repo, "Better", branch="main", after=60)
        assert fill(world, repo) == 0
    assert forced in stored(engine, commits.c.hash)


def drop_links(github: Server, part: str) -> None:
    """Let the answers to paths with a part lead nowhere."""

    def drop(path: str, usual: Answer) -> Answer:
        kept = {name: text for name, text in usual.headers.items() if name != "Link"}
        return usual._replace(headers=kept) if part in path else usual

    github.change = drop


@on_sqlite
def test_full_page_of_commits_that_lost_its_link_is_not_the_last(engine, store_url):
    world = small_world()
    repo = app_of(world)
    pushed = [world.push(repo, f"Change {number}", after=60) for number in range(130)]
    with served(world, store_url) as github:
        drop_links(github, "/commits?")
        assert fill(world, repo, "--commits", "all") == 0
    assert set(pushed) <= set(stored(engine, commits.c.hash))


@on_sqlite
def test_full_page_of_branches_that_lost_its_link_is_not_the_last(engine, store_url):
    world = small_world()
    repo = app_of(world)
    for number in range(120):
        world.create_branch(repo, f"b{number:03}", after=1)
    with served(world, store_url) as github:
        drop_links(github, "/branches?")
        assert fill(world, repo) == 0
    assert len(stored(engine, branches.c.name)) == 121


@on_sqlite
def test_comparison_that_lists_fewer_commits_than_it_counts_is_not_believed(engine, store_url):
    world = small_world(runs=1)
    repo = app_of(world)
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        pushed = [world.push(repo, "More", after=60) for _ in range(5)]

        def cut(path: str, usual: Answer) -> Answer:
            if "/compare/" not in path:
                return usual
            return usual._replace(body={**usual.body, "commits": usual.body["commits"][:2]})

        github.change = cut
        assert fill(world, repo) == 0
    assert set(pushed) <= set(stored(engine, commits.c.hash))
