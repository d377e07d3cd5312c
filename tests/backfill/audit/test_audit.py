"""The audit names exactly what is missing, no more and no less, and repairs it."""

from random import Random

import pytest
import sqlalchemy as sa

from backfill.audit import audit, repair
from backfill.audit.verdict import Verdict
from backfill.github import audit_lists
from fakegithub.server import Server
from fakegithub.world.entities import Change
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.audits import audits
from tests.backfill.filling import served
from tests.backfill.lossy import (
    Lost,
    Missing,
    deliver,
    desk_of,
    everything,
    here_of,
    missing_of,
)
from tests.backfill.test_complete import on_sqlite
from tests.counts import count
from tests.fakegithub.samples import app_of, flow_of, small_world
from tests.fakegithub.strategies import LIVELY, MOVES, play


def named(found: Verdict) -> Missing:
    return {(one.kind, one.name) for one in found.findings}


def prove(engine: sa.Engine, github: Server, world: World, repo: int) -> Verdict:
    with desk_of(engine, github) as desk:
        return audit.audit_vendor(desk, here_of(desk, world, repo), everything(world))


def mend(engine: sa.Engine, github: Server, world: World, repo: int) -> Verdict:
    """Audit, repair, and audit again."""
    with desk_of(engine, github) as desk:
        here = here_of(desk, world, repo)
        repair.repair(desk, here, audit.audit_vendor(desk, here, everything(world)))
        return audit.audit_vendor(desk, here, everything(world))


def finished(world: World, *, after: int = 60) -> tuple[int, list[int]]:
    """Let a run with two jobs happen; return its id and theirs."""
    run = world.trigger(flow_of(world), after=after)
    jobs = [world.queue_job(run, name) for name in ("build", "test")]
    for job in jobs:
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=30)
    world.finish_run(run, after=1)
    return run, jobs


def of(event: str, key: object) -> Lost:
    """Lose every delivery of one event about one thing."""
    return lambda change: change.event == event and change.key == key


def about_run(world: World, run: int) -> Lost:
    """Lose every delivery about a run or one of its jobs."""
    jobs = set(world.members[("job", run)])
    return lambda change: of("workflow_run", run)(change) or change.key in jobs


def test_store_with_every_delivery_has_an_empty_list(engine, store_url):
    world = history(seed=1, runs=12, jobs=3, days=3)
    repo = world.members[("repo", None)][0]
    deliver(engine, world, repo)
    with served(world, store_url) as github:
        found = prove(engine, github, world, repo)
    assert found.findings == ()
    assert (found.listed, found.stored) == (12, 12)
    assert sum(day.listed for day in found.days) == 12
    assert {day.missing for day in found.days} == {0}


def test_each_lost_thing_is_named_and_nothing_else(engine, store_url):
    world = small_world()
    repo = app_of(world)
    finished(world)
    lost_run, _ = finished(world)
    _, lost_jobs = finished(world)
    again, _ = finished(world)
    rerun = world.rerun_all(again, after=60)
    for job in rerun:
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=30)
    world.finish_run(again, after=1)
    world.create_branch(repo, "quiet", after=60)
    sha = world.push(repo, "Lost", after=60)
    world.push(repo, "Kept", after=60)

    def lost(change: Change) -> bool:
        return (
            about_run(world, lost_run)(change)
            or change.key == lost_jobs[1]
            or (change.key == again and change.state.attempt == 1)
            or change.key == (repo, "quiet")
            or (change.event == "push" and sha in change.detail.commits)
        )

    deliver(engine, world, repo, lost)
    with served(world, store_url) as github:
        found = prove(engine, github, world, repo)
        assert named(found) == {
            ("run", str(lost_run)),
            ("job", str(lost_jobs[1])),
            ("attempt", f"{again}/1"),
            ("branch", "quiet"),
            ("commit", sha),
        }
        assert (found.listed, found.stored) == (4, 1)
        assert [day[2:] for day in found.days] == [(4, 1, 3)]
        assert mend(engine, github, world, repo).findings == ()


def test_run_that_ended_unheard_is_named_with_its_job(engine, store_url):
    world = small_world()
    repo = app_of(world)
    run, jobs = finished(world)
    deliver(
        engine,
        world,
        repo,
        lambda change: change.key in (run, jobs[0]) and change.state.status == "completed",
    )
    with served(world, store_url) as github:
        found = prove(engine, github, world, repo)
        assert named(found) == {("run state", str(run)), ("job state", str(jobs[0]))}
        assert mend(engine, github, world, repo).is_complete


@pytest.mark.parametrize("seed", range(count(4, 400)))
@on_sqlite
def test_faults_drawn_from_a_seed_are_all_named_and_mended(engine, store_url, seed):
    """Whole things are lost, or deliveries one by one, a few of them or most."""
    random = Random(seed)
    verbs = ["nothing", *LIVELY, *(verb for verb in MOVES if verb != "take old name")]
    moves = [
        (random.choice(verbs), random.randrange(32), random.choice((1, 2, random.randrange(7200))))
        for _ in range(60)
    ]
    world = play(moves, ties=False)
    repo = world.members[("repo", None)][0]
    share = random.choice((0.03, 0.2, 0.6))
    by_thing = seed % 2 == 0
    keys = sorted({(str(change.event), str(change.key)) for change in world.log})
    gone = {key for key in keys if random.random() < share}

    def lost(change: Change) -> bool:
        if change.event == "repository":
            return False
        if by_thing:
            return (str(change.event), str(change.key)) in gone
        return random.random() < share

    came = deliver(engine, world, repo, lost)
    with served(world, store_url) as github:
        assert named(prove(engine, github, world, repo)) == missing_of(world, repo, came)
        assert mend(engine, github, world, repo).findings == ()


@pytest.mark.parametrize("seed", range(count(1, 20)))
@on_sqlite
def test_faults_in_a_larger_world_are_all_named_and_mended(engine, store_url, seed):
    world = history(seed=seed, runs=count(10, 120), jobs=4, days=count(3, 20))
    repo = world.members[("repo", None)][0]
    random = Random(seed)
    came = deliver(engine, world, repo, lambda change: random.random() < 0.2)
    wanted = missing_of(world, repo, came)
    assert wanted
    with served(world, store_url) as github:
        found = prove(engine, github, world, repo)
        assert named(found) == wanted
        assert mend(engine, github, world, repo).findings == ()
        with engine.connect() as connection:
            repoid = connection.scalar(sa.select(audits.c.repoid).limit(1))
        # What a backfill noted proves as much without a request.
        asked = len(github.requests)
        assert audit.audit_store(engine, repoid, everything(world)).findings == ()
        assert len(github.requests) == asked


@on_sqlite
def test_gap_of_a_run_deleted_at_github_is_explained(engine, store_url):
    world = small_world()
    repo = app_of(world)
    finished(world)
    deleted, _ = finished(world)
    finished(world)
    deliver(engine, world, repo, about_run(world, deleted))
    world.delete_run(deleted, after=60)
    with served(world, store_url) as github:
        found = prove(engine, github, world, repo)
    assert found.findings == ()
    assert [one[:3] for one in found.notes] == [
        ("deleted", "2", "GitHub does not list it: it was deleted")
    ]


@on_sqlite
def test_gap_before_the_horizon_is_explained_and_stored_runs_beyond_it_are_not_missed(
    engine, store_url
):
    world = small_world()
    repo = app_of(world)
    finished(world)
    lost, _ = finished(world)
    finished(world)
    world.advance(100 * 86_400)
    finished(world)
    deliver(engine, world, repo, about_run(world, lost))
    with served(world, store_url, retention_days=90) as github:
        found = prove(engine, github, world, repo)
    assert found.findings == ()
    assert [one[:2] for one in found.notes] == [("horizon", "2")]
    assert (found.listed, found.stored) == (1, 1)


@on_sqlite
def test_list_of_more_runs_than_one_search_gives_is_whole(engine, store_url):
    world = small_world(runs=1100)
    with served(world, store_url) as github, desk_of(engine, github) as desk:
        here = here_of(desk, world, app_of(world))
        runs, broken = audit_lists.list_runs(desk, here, *everything(world), [])
    assert len(runs) == 1100
    assert broken == []
