"""What was received and what was read are the same records, in any mixture of the two."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from engines import connect
from fakegithub.world.history import history
from fakegithub.world.world import World
from tests.backfill.filling import deliver, deliveries_of, fill, knowable, served
from tests.counts import count
from tests.equality import Contents, check_equal, contents
from tests.fakegithub.strategies import LIVELY, MOVES, play
from tests.store.writers import emptied

# A run keeps the name its workflow had; only the API knows it once the workflow has another.
VERBS = sorted({*MOVES, *LIVELY} - {"change workflow"})
LIVELY_VERBS = (*VERBS, *LIVELY, *("trigger", "queue job", "work off", "re-run failed") * 4)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a world whose moves are a second or more apart: GitHub's times tell them apart."""
    move = st.tuples(st.sampled_from(LIVELY_VERBS), st.integers(0, 31), st.integers(1, 7200))
    return play(draw(st.lists(move, max_size=40)))


def read_only(world: World, repo: int, url: str) -> Contents:
    """Return what a backfill alone stores."""
    emptied(url)
    assert fill(world, repo, "--commits", "all") == 0
    engine = connect(url)
    try:
        return contents(engine)
    finally:
        engine.dispose()


def check_doors(world: World, repo: int, engine: Engine, url: str, order: list[int], at: int):
    with served(world, url):
        listed = read_only(world, repo, url)
        wanted = knowable(listed, listed)
        emptied(url)
        deliver(engine, world, repo, deliveries_of(world, repo))
        check_equal(knowable(contents(engine), listed), received(wanted, contents(engine)))
        emptied(url)
        deliver(engine, world, repo, order[:at])
        assert fill(world, repo, "--commits", "all") == 0
        deliver(engine, world, repo, order[at:])
        check_equal(knowable(contents(engine), listed), wanted)


def received(wanted: Contents, found: Contents) -> Contents:
    """Leave out what no delivery spoke of: workflows without a run, or with none delivered."""
    known = {dict(row)["gitid"] for row in found["workflows"]}
    rows = {row: n for row, n in wanted["workflows"].items() if dict(row)["gitid"] in known}
    return {**wanted, "workflows": type(wanted["workflows"])(rows)}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=count(8, 300),
)
@given(data=st.data())
def test_received_read_and_any_mixture_are_equal(data: st.DataObject, engine: Engine, store_url):
    world = data.draw(worlds())
    repo = world.members[("repo", None)][0]
    order = data.draw(st.permutations(deliveries_of(world, repo)))
    check_doors(world, repo, engine, store_url, order, data.draw(st.integers(0, len(order))))


@pytest.mark.parametrize("seed", range(count(1, 20)))
def test_history_of_a_month_is_equal_by_either_door(seed: int, engine: Engine, store_url: str):
    world = history(seed=seed, runs=count(15, 60), jobs=4, days=count(3, 10))
    repo = world.members[("repo", None)][0]
    order = deliveries_of(world, repo)[::-1]
    check_doors(world, repo, engine, store_url, order, len(order) // 2)
