"""Pages of lists that fail for ever: what is on the others comes, and the list goes on there."""

import re

import pytest
import sqlalchemy as sa

from fakegithub.api.faults import Faults
from fakegithub.world.world import World
from schema.tables.ci import commits, workflowruns
from tests.backfill.conftest import Command
from tests.backfill.filling import served
from tests.backfill.test_due_items import KINDS, ids, later
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world
from tests.healing.installation import installed

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

SECOND = r"commits[?]per_page=100&sha=.*&page=2$"
SMALLER = r"commits[?]per_page=[13]0&"
PAUSED = "octo-org/app: history of branch main: "


def world_of_commits(number: int) -> tuple[World, list[str], str]:
    """Return a world with a run and so many later commits, newest first, and a branch's own."""
    world = small_world(runs=1)
    repo = app_of(world)
    world.create_branch(repo, "side", after=1)
    side = world.push(repo, "Aside", branch="side", after=1)
    pushed = [world.push(repo, f"Change {change}", after=60) for change in range(number)]
    return world, pushed[::-1], side


def hashes(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(commits.c.hash)))


@pytest.mark.parametrize("kind", KINDS)
def test_page_of_the_history_that_fails_for_ever_leaves_out_its_commits_alone(
    engine: sa.Engine, store_url: str, command: Command, monkeypatch: pytest.MonkeyPatch, kind: str
):
    world, pushed, side = world_of_commits(230)
    faults = Faults(pause=0.01, lasting=[(SECOND, kind), (SMALLER, kind)])
    with served(world, store_url, faults=faults) as github:
        done = command("-r", "octo-org/app")
        assert (done.code, done.err.count(PAUSED)) == (1, 1)
        assert {*pushed[:100], *pushed[200:], side} <= hashes(engine)
        assert not set(pushed[100:200]) & hashes(engine)
        since = len(github.requests)
        again = command("-r", "octo-org/app")
        assert (again.code, again.err.count(PAUSED)) == (1, 1)
        assert not [one for one in github.requests[since:] if "/commits?per_page=100" in one.path]
        audit = command("-r", "octo-org/app", "--audit", "--since", "2026-01-01")
        assert audit.code == 1
        assert "commits of branch main" in audit.out
        faults.lasting.clear()
        later(monkeypatch, 7)
        since = len(github.requests)
        assert command("-r", "octo-org/app").code == 0
        assert set(pushed) <= hashes(engine)
        # It went on where it stood.
        pages = [one.path for one in github.requests[since:] if "/commits?per_page=100" in one.path]
        assert [re.findall("&page=([0-9]+)", path) for path in pages] == [["2"], ["3"]]


def test_page_of_the_history_that_comes_in_smaller_ones_is_stored(
    engine: sa.Engine, store_url: str, command: Command
):
    world, pushed, _ = world_of_commits(230)
    with served(world, store_url, faults=Faults(lasting=[(SECOND, "502")])):
        assert command("-r", "octo-org/app").code == 0
    assert set(pushed) <= hashes(engine)


def test_history_that_fails_wholly_holds_up_neither_heads_nor_the_next_command(
    engine: sa.Engine, store_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    world, pushed, side = world_of_commits(3)
    faults = Faults(lasting=[("commits[?]per_page=[13]00?&", "502")])
    with served(world, store_url, faults=faults):
        assert command("-r", "octo-org/app").code == 1
        assert {pushed[0], side} <= hashes(engine)
        faults.lasting.clear()
        later(monkeypatch, 7)
        assert command("-r", "octo-org/app").code == 0
        assert {*pushed, side} <= hashes(engine)


def test_comparison_that_fails_for_ever_gives_way_to_the_history(
    engine: sa.Engine, store_url: str, command: Command
):
    world, _, _ = world_of_commits(3)
    faults = Faults()
    with served(world, store_url, faults=faults):
        assert command("-r", "octo-org/app").code == 0
        pushed = {world.push(app_of(world), "More", after=60) for _ in range(3)}
        faults.lasting = [("/compare/", "502")]
        assert command("-r", "octo-org/app").code == 0
    assert pushed <= hashes(engine)


def test_reconciler_names_the_history_and_compares_the_other_branches(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    world, pushed, _ = world_of_commits(3)
    faults = Faults(lasting=[("commits[?]per_page=[13]00?&", "502")])
    with installed(world, engine, faults=faults) as here:
        aside = [
            world.push(app_of(world), f"More {change}", branch="side", after=60)
            for change in range(3)
        ]
        (trouble,) = here.heal().troubles
        assert trouble == f"{PAUSED}GitHub answers 502; left due"
        assert set(aside) <= hashes(engine)
        faults.lasting.clear()
        later(monkeypatch, 7)
        assert here.heal().troubles == ()
        assert {*pushed, *aside} <= hashes(engine)


@pytest.mark.parametrize("kind", KINDS)
def test_page_in_the_middle_of_a_run_list_that_fails_for_ever_is_read_in_shorter_spans(
    engine: sa.Engine, store_url: str, command: Command, kind: str
):
    world = small_world()
    for _ in range(130):
        world.finish_run(world.trigger(flow_of(world), after=60), after=1)
    # All pages but the first of each list, in whatever size.
    faults = Faults(pause=0.01, lasting=[(r"/runs[?]created.*&page=(?!1$)[0-9]+$", kind)])
    with served(world, store_url, faults=faults) as github:
        done = command("-r", "octo-org/app")
        assert sum("/runs?created" in one.path and one.fault == kind for one in github.requests) > 0
        assert (done.code, "left due" in done.err) == (0, False)
    assert ids(engine, workflowruns.c.gitid) == set(runs_of(world))


def test_page_in_the_middle_of_a_run_list_of_one_moment_is_named_and_the_others_come(
    engine: sa.Engine, store_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    world = small_world()
    for _ in range(15):
        world.finish_run(world.trigger(flow_of(world), after=60), after=1)
    odd = [world.trigger(flow_of(world), after=0 if number else 86_400) for number in range(130)]
    for run in odd:
        world.finish_run(run)
    faults = Faults(lasting=[(r"/runs[?](created|exclude).*&page=(?!1$)[0-9]+$", "502")])
    with served(world, store_url, faults=faults):
        done = command("-r", "octo-org/app")
        assert done.code == 1
        assert "octo-org/app: runs " in done.err
        found = ids(engine, workflowruns.c.gitid)
        assert set(runs_of(world)) - set(odd) <= found
        assert len(found & set(odd)) >= 100
        faults.lasting.clear()
        later(monkeypatch, 7)
        assert command("-r", "octo-org/app").code == 0
    assert ids(engine, workflowruns.c.gitid) == set(runs_of(world))
