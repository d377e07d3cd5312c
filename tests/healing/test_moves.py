"""Branches that moved while nobody listened, and the commits they moved over."""

import pytest

from schema.tables.ci import commits
from tests.fakegithub.samples import app_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_branch_that_moved_twice_with_one_push_heard_has_all_commits(engine):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "feature", after=5)
    with installed(world, engine) as here:
        hook = here.hook(repo)
        here.github.hooks.send_due()
        here.heal()
        world.push(repo, "Unheard", "too", branch="feature", after=60)
        here.github.hooks.send_due(mishap=lambda delivery, hook: "never")
        world.push(repo, "Heard", branch="feature", after=60)
        here.github.hooks.send_due()
        assert len(stored(engine, commits.c.hash)) == 2
        hook.log.clear()
        here.heal()
        assert len(stored(engine, commits.c.hash)) == 4
        check_equals_world(engine, world, repo)


def test_branch_that_is_rewritten_unheard_is_whole(engine):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "feature", after=5)
    with installed(world, engine) as here:
        here.heal()
        world.force_push(repo, "Otherwise", branch="feature", after=60)
        world.delete_branch(repo, "feature", after=60)
        world.create_branch(repo, "feature", after=60)
        world.push(repo, "Anew", branch="feature", after=60)
        here.heal()
        check_equals_world(engine, world, repo)


def test_branch_that_webhooks_moved_is_compared_though_the_list_is_unchanged(engine):
    world = small_world()
    repo = app_of(world)
    world.create_branch(repo, "feature", after=5)
    with installed(world, engine) as here:
        hook = here.hook(repo)
        here.github.hooks.send_due()
        here.heal()
        world.delete_branch(repo, "feature", after=60)
        here.github.hooks.send_due()
        world.create_branch(repo, "feature", after=60)
        here.github.hooks.send_due(mishap=lambda delivery, hook: "never")
        hook.log.clear()
        here.heal()
        check_equals_world(engine, world, repo)
