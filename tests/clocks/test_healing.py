"""Worlds that go wrong while our clock lies: in the end the tables equal the world."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from unittest import mock

import pytest

from engines import connect
from fakegithub.world.history import history
from listener.background import housekeeping
from tests.clocks.__main__ import CONTROLS
from tests.clocks.showing import showing
from tests.conftest import clear_store
from tests.counts import count
from tests.healing.equal import check_equals_world, check_log_is_stored
from tests.healing.installation import installed
from tests.healing.worlds import heal_twice, live

WRONG = [
    timedelta(0),
    timedelta(0),
    timedelta(hours=1),
    timedelta(hours=-1),
    timedelta(days=40),
    timedelta(days=-40),
    timedelta(days=9000),
]

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def check(store_url: str, seed: int) -> None:
    """Let a world go by, and upkeep look, while our clock is wrong in some of its phases."""
    clear_store(store_url)
    engine, world, chance = connect(store_url), history(seed, runs=3, jobs=1, days=2), Random(seed)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        here = stack.enter_context(installed(world, engine))
        wrong = timedelta(0)

        def shown() -> datetime:
            return datetime.fromtimestamp(here.github.now(), UTC).replace(tzinfo=None) + wrong

        def begin_phase() -> None:
            nonlocal wrong
            wrong = chance.choice(WRONG)
            look()

        def look() -> None:
            while housekeeping.step(engine, 30)[1]:
                continue

        stack.enter_context(showing(shown))
        live(here, seed, begin_phase)
        look()
        wrong = timedelta(0)
        look()
        heal_twice(here)
        check_equals_world(engine, world, world.members[("repo", None)][0])
        for hook in here.github.hooks.hooks.values():
            check_log_is_stored(engine, here.github.hooks.log_of(hook))


def check_all(store_url: str, worlds: int) -> None:
    for seed in range(worlds):
        check(store_url, seed)


def test_world_is_whole_after_two_cycles_though_the_clock_was_wrong(store_url: str):
    check_all(store_url, count(4, 500))


def test_deliveries_dropped_by_a_clock_that_is_believed_are_found(store_url: str):
    with ExitStack() as stack:
        for guarded in CONTROLS["every clock is believed"]:
            stack.enter_context(mock.patch.object(*guarded))
        with pytest.raises(AssertionError):
            check_all(store_url, 20)
