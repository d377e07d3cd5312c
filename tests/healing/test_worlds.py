"""Whatever befalls deliveries, after two cycles the tables equal the world."""

import pytest
from sqlalchemy import Engine

from engines import connect
from fakegithub.api.faults import Faults
from fakegithub.world.history import history
from tests import counts
from tests.conftest import clear_store
from tests.healing.equal import check_equals_world, check_log_is_stored
from tests.healing.installation import installed
from tests.healing.worlds import heal_twice, live

SERVERS = ("mariadb", "mysql", "postgresql") if counts.ALL else ()
"""What worlds are lived on beside SQLite in the long run; `make test` has one there."""
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite", *SERVERS], indirect=True)


def check(store_url: str, seed: int, **size: int) -> None:
    # A new engine for each: what is known to be stored is remembered by engine.
    engine = connect(store_url)
    try:
        check_one(engine, seed, **size)
    finally:
        engine.dispose()


def check_one(engine: Engine, seed: int, **size: int) -> None:
    world = history(seed, **size)
    faults = Faults(seed=seed, rate=0.05, pause=0.01)
    with installed(world, engine, faults=faults) as here:
        live(here, seed)
        heal_twice(here)
        try:
            check_equals_world(engine, world, world.members[("repo", None)][0])
            for hook in here.github.hooks.hooks.values():
                check_log_is_stored(engine, here.github.hooks.log_of(hook))
            verdict = here.audit("octo-org/app-1", size["days"] + 1)
            assert [one for one in verdict.findings] == []
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}\n{here.said.getvalue()}") from error


@on_sqlite
@pytest.mark.parametrize("part", range(8))
def test_small_worlds_are_whole_after_two_cycles(store_url, part):
    whole = 2000 if store_url.startswith("sqlite") else 200
    for seed in range(part, counts.count(8, whole), 8):
        clear_store(store_url)
        check(store_url, seed, runs=3, jobs=1, days=2)


def test_world_is_whole_after_two_cycles_on_every_engine(store_url):
    check(store_url, 5, runs=4, jobs=2, days=2)


@on_sqlite
@pytest.mark.parametrize("seed", range(counts.count(1, 20)))
def test_large_worlds_are_whole_after_two_cycles(store_url, seed):
    check(store_url, 1000 + seed, runs=counts.count(12, 200), jobs=3, days=10)
