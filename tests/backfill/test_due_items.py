"""What cannot be read, for ever, for a while or at random: the rest comes, and it is named."""

from datetime import datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from backfill.pipeline import due_items
from backfill.pipeline.due_items import DueItems
from fakegithub.api.faults import Faults
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.ci import jobs, runattempts, workflowruns
from tests.backfill.conftest import Command
from tests.backfill.filling import fill, served
from tests.counts import count
from tests.fakegithub.samples import runs_of, small_world

OTHERS = ("/compare/", "/branches[?]", "/attempts/", "/workflows[?]", "runs[?].*per_page=1$")
"""Paths of which nothing is lost but what they alone have."""
KINDS = ("500", "502", "timeout", "truncated", "reset")
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def world_of_runs(number: int) -> World:
    """Return a world whose runs have ended, each with a job."""
    world = small_world(runs=number)
    for run in runs_of(world):
        job = world.queue_job(run, "build", after=1)
        world.start_job(job, after=1)
        world.finish_job(job, "success", after=60)
        world.finish_run(run, after=1)
    return world


def ids(engine: sa.Engine, column: sa.Column) -> set[int]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(column)))


def later(patch: pytest.MonkeyPatch, hours: int) -> None:
    """Let it be some hours later for the pauses of items."""
    now = datetime.now() + timedelta(hours=hours)
    patch.setattr(due_items, "clock", lambda: now)


@pytest.mark.parametrize("kind", KINDS)
@on_sqlite
def test_run_whose_jobs_cannot_be_read_holds_up_no_other(
    engine, store_url, command: Command, kind: str
):
    world = world_of_runs(6)
    odd = runs_of(world)[2]
    faults = Faults(pause=0.01, lasting=[(f"runs/{odd}/jobs", kind)])
    with served(world, store_url, faults=faults):
        done = command("-r", "octo-org/app")
        again = command("-r", "octo-org/app")
        audit = command("-r", "octo-org/app", "--audit", "--since", "2026-01-01")
    assert (done.code, again.code, audit.code) == (1, 1, 1)
    assert ids(engine, workflowruns.c.gitid) == set(runs_of(world))
    assert ids(engine, jobs.c.rungitid) == set(runs_of(world)) - {odd}
    assert done.err.count(f"octo-org/app: run {odd}: jobs: ") == 1
    assert again.err.count(f"octo-org/app: run {odd}: jobs: ") == 1
    assert "5 of 6 runs, 1 missing" in audit.out
    assert str(odd) in audit.out
    assert "not audited" not in audit.out


@on_sqlite
def test_item_that_cannot_be_read_is_left_alone_until_its_pause_is_over(
    engine, store_url, command: Command, monkeypatch
):
    world = world_of_runs(3)
    odd = runs_of(world)[1]
    faults = Faults(lasting=[(f"runs/{odd}/jobs", "502")])
    with served(world, store_url, faults=faults) as github:
        command("-r", "octo-org/app")
        before = len(github.requests)
        command("-r", "octo-org/app")
        assert not [one for one in github.requests[before:] if f"{odd}/jobs" in one.path]
        faults.lasting.clear()
        later(monkeypatch, 7)
        assert command("-r", "octo-org/app").code == 0
        assert command("-r", "octo-org/app", "--audit", "--since", "2026-01-01").code == 0
    assert ids(engine, jobs.c.rungitid) == set(runs_of(world))


@on_sqlite
def test_repair_asks_for_what_could_not_be_read_whatever_its_pause(
    engine, store_url, command: Command
):
    world = world_of_runs(3)
    odd = runs_of(world)[1]
    faults = Faults(lasting=[(f"runs/{odd}/jobs", "502")])
    wanted = ("-r", "octo-org/app", "--audit", "--since", "2026-01-01", "--repair")
    with served(world, store_url, faults=faults):
        assert command("-r", "octo-org/app").code == 1
        assert command(*wanted).code == 1
        faults.lasting.clear()
        repaired = command(*wanted)
    assert repaired.code == 0
    assert ids(engine, jobs.c.rungitid) == set(runs_of(world))
    assert not DueItems(engine).noted()


@on_sqlite
def test_what_the_key_may_not_see_is_asked_for_by_the_next_command_and_not_by_healing(
    engine, store_url, command: Command
):
    world = world_of_runs(3)
    odd = runs_of(world)[1]
    faults = Faults(lasting=[(f"runs/{odd}/jobs", "forbidden")])
    with served(world, store_url, faults=faults):
        assert command("-r", "octo-org/app").code == 1
        ((owner, name),) = DueItems(engine).noted()
        assert not DueItems(engine).is_due(owner, name)
        faults.lasting.clear()  # the key has the permission now
        assert command("-r", "octo-org/app").code == 0
    assert ids(engine, jobs.c.rungitid) == set(runs_of(world))


@on_sqlite
def test_jobs_that_are_answered_in_smaller_pages_only_are_stored(
    engine, store_url, command: Command
):
    world = world_of_runs(2)
    run = runs_of(world)[1]
    faults = Faults(lasting=[(f"runs/{run}/jobs.*per_page=100", "502")])
    with served(world, store_url, faults=faults):
        assert command("-r", "octo-org/app").code == 0
    assert ids(engine, jobs.c.rungitid) == set(runs_of(world))


@on_sqlite
def test_server_that_is_away_ends_the_phase(engine, store_url, command: Command):
    world = world_of_runs(40)
    faults = Faults(lasting=[("/jobs", "502"), ("octo-org/app$", "502")])
    with served(world, store_url, faults=faults) as github:
        faults.lasting.pop()
        faults.plan("octo-org/app$")
        done = command("-r", "octo-org/app")
        asked = sum(one.path[-12:] == "octo-org/app" for one in github.requests)
    assert done.code == 1
    assert asked > 1  # whether the repository itself answers


@pytest.mark.parametrize("seed", range(count(4, 200)))
@on_sqlite
def test_all_comes_but_what_cannot_be_read_and_the_audit_names_the_rest(
    engine, store_url, command: Command, monkeypatch, seed: int
):
    world, draw = history(seed=seed, runs=25, jobs=3, days=5), Random(seed)
    repo = world.members[("repo", None)][0]
    runs = list(world.members[("run", repo)])
    odd = set(draw.sample(runs, draw.randint(1, 8)))
    lasting = [(f"runs/{run}/jobs", draw.choice(KINDS)) for run in odd]
    lasting += [(path, draw.choice(KINDS)) for path in draw.sample(OTHERS, 2)]
    faults = Faults(seed=seed, rate=0.1, pause=0.01, lasting=list(lasting))
    with served(world, store_url, faults=faults):
        assert fill(world, repo) == 1
        listed = ids(engine, workflowruns.c.gitid)
        assert listed == set(runs)
        assert not ids(engine, jobs.c.rungitid) & odd
        named = command("-r", world.repo(repo).full_name, "--audit", "--since", "2025-01-01")
        assert {run for run in runs if f" {run} " in named.out} == odd, named
        faults.lasting.clear()
        later(monkeypatch, 7)
        assert fill(world, repo) == 0
    assert ids(engine, runattempts.c.rungitid) == listed
