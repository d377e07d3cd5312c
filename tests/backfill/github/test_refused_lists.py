"""Lists of runs that the key may not see: one span is left due, not one more in each cycle."""

from datetime import datetime, timedelta

import pytest

from backfill.github import all_runs
from backfill.pipeline import due_items
from fakegithub.api.access import ALL, Token
from fakegithub.server import TOKEN
from schema.tables.backfill import windows
from schema.tables.ci import workflowruns
from tests.fakegithub.samples import app_of, runs_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import asked, installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def at_hour(patch: pytest.MonkeyPatch, hour: int) -> None:
    """Let it be some hours later for lists and their pauses."""
    now = datetime.now() + timedelta(hours=hour)
    for module in (all_runs, due_items):
        patch.setattr(module, "clock", lambda: now)


def test_span_that_the_key_may_not_see_grows_and_is_read_once_it_may(engine, monkeypatch):
    world = small_world(runs=3)
    for run in runs_of(world):
        world.finish_run(run, after=30)
    tokens = {TOKEN: Token(permissions=ALL - {"actions"})}
    with installed(world, engine, tokens=tokens) as here:
        troubles = []
        for cycle in range(8):
            at_hour(monkeypatch, cycle)
            since = len(here.github.requests)
            troubles.append(here.heal().troubles)
            assert len(stored(engine, windows.c.Id)) <= 2  # cut once before it was refused
            assert len(asked(here, "/actions/", since)) < 12
        assert max(map(len, troubles)) < 8
        tokens[TOKEN] = Token(permissions=ALL)
        at_hour(monkeypatch, 9)
        here.heal()
        assert stored(engine, workflowruns.c.gitid) == sorted(runs_of(world))
        at_hour(monkeypatch, 30)
        assert here.heal().troubles == ()
        check_equals_world(engine, world, app_of(world))
