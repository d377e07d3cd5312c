"""Repositories that go and come back at random: what exists is whole, what is gone is kept."""

from random import Random

import pytest
import sqlalchemy as sa

from fakegithub.world.entities import Repo
from fakegithub.world.history import history
from schema.tables.ci import metadata
from store.state import gone_repositories
from tests import counts
from tests.conftest import clear_store
from tests.fakegithub.samples import app_of
from tests.healing.equal import check_equals_world
from tests.healing.installation import installed
from tests.healing.worlds import heal_twice

HOUR = 3600


def everything(engine):
    """Return how many rows each table of CI has, by repository."""
    with engine.connect() as connection:
        return {
            (table.name, repoid): number
            for table in metadata.sorted_tables
            if table.name in ("branches", "commits", "workflows", "workflowruns", "jobs")
            for repoid, number in connection.execute(
                sa.select(table.c.repoid, sa.func.count()).group_by(table.c.repoid)
            )
        }


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(counts.count(6, 200)))
def test_repositories_that_go_and_come_back_equal_the_world_and_lose_nothing(
    engine, store_url, seed
):
    clear_store(store_url)
    chance = Random(seed)
    world = history(seed, runs=3, jobs=1, days=2)
    app = app_of(world)
    others = [world.create_repo(f"octo-org/extra-{n}") for n in range(2)]
    for other in others:
        world.push(other, "First", after=5)
        world.trigger(world.add_workflow(other, "CI"), after=5)
    away: dict[int, Repo] = {}
    with installed(world, engine) as here:
        heal_twice(here)
        for _ in range(6):
            before = everything(engine)
            for repo in (app, *others):
                if repo in away:
                    if chance.random() < 0.5:
                        world.restore_repo(away.pop(repo), after=60)
                elif chance.random() < 0.4:
                    away[repo] = world.repo(repo)
                    world.delete_repo(repo, after=60)
                elif chance.random() < 0.5:
                    world.push(repo, "More", after=60)
            world.advance(chance.choice((60, 7 * HOUR)))
            here.heal(patterns=chance.choice(((), ("octo-org",))))
            after = everything(engine)
            assert {key: n for key, n in before.items() if after.get(key, 0) < n} == {}
        world.advance(7 * HOUR)
        heal_twice(here)
        world.advance(7 * HOUR)
        here.heal()
        for repo in (app, *others):
            if repo not in away:
                check_equals_world(engine, world, repo)
        with engine.connect() as connection:
            gone = {known.name for known in gone_repositories.list_gone(connection)}
        assert gone == {repo.full_name for repo in away.values()}
