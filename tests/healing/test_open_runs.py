"""Runs that are open at GitHub: asked for ever less often, forgotten when they end."""

from sqlalchemy import Engine, select

from schema.tables.ci import jobs, workflowruns
from schema.tables.reconciler import rereads
from tests.fakegithub.samples import app_of, runs_of, small_world
from tests.healing.equal import check_equals_world
from tests.healing.installation import asked, installed, stored

DAY = 86_400


def ends(engine: Engine) -> dict[int, tuple[str, str | None]]:
    """Return how runs and jobs stand, by their ids."""
    with engine.connect() as connection:
        return {
            gitid: (status, conclusion)
            for c in (workflowruns.c, jobs.c)
            for gitid, status, conclusion in connection.execute(
                select(c.gitid, c.status, c.conclusion)
            )
        }


def test_run_that_is_open_is_asked_for_ever_less_often_and_then_given_up(engine):
    world = small_world(runs=1)
    (run,) = runs_of(world)
    path = f"/actions/runs/{run} "
    with installed(world, engine) as here:
        here.heal()  # listed
        minutes = {1: 1, 2: 1, 3: 2, 6: 2, 7: 3, 8: 3, 15: 4, 30: 4, 31: 5}
        passed = 0
        for minute, times in minutes.items():
            world.advance((minute - passed) * 60)
            passed = minute
            here.heal()
            assert (minute, len(asked(here, path))) == (minute, times)
        assert stored(engine, rereads.c.state) == ["waiting"]
        world.advance(36 * DAY)
        here.heal()
        assert stored(engine, rereads.c.state) == ["abandoned"]
        assert "1 run never ended at GitHub, or is gone there: given up" in here.said.getvalue()
        asked_so_far = len(asked(here, path))
        world.advance(DAY)
        here.heal()
        assert len(asked(here, path)) == asked_so_far


def test_run_that_ends_unheard_is_forgotten_by_the_rereads(engine):
    world = small_world(runs=1)
    (run,) = runs_of(world)
    with installed(world, engine) as here:
        here.heal()
        assert stored(engine, rereads.c.rungitid) == [run]
        world.finish_run(run, after=120)
        here.heal()
        assert stored(engine, rereads.c.rungitid) == []
        check_equals_world(engine, world, app_of(world))


def test_job_that_ends_while_its_run_goes_on_is_read(engine):
    world = small_world(runs=1)
    (run,) = runs_of(world)
    job = world.queue_job(run, "build")
    world.start_job(job, after=30)
    with installed(world, engine) as here:
        here.heal()
        world.finish_job(job, after=90)
        here.heal()
        check_equals_world(engine, world, app_of(world))


def test_run_that_is_deleted_while_it_is_open_ends_as_abandoned(engine):
    world = small_world(runs=2)
    open_run, other = runs_of(world)
    job = world.queue_job(open_run, "build")
    world.start_job(job, after=30)
    world.finish_run(other, after=60)
    with installed(world, engine) as here:
        here.heal()
        world.delete_run(open_run)
        world.advance(3600)
        here.heal()  # heard of an hour ago: the answer may be a mistake
        assert ends(engine)[open_run] == ("in_progress", None)
        world.advance(7 * 3600)
        here.heal()
        assert ends(engine) == {
            open_run: ("completed", "abandoned"),
            other: ("completed", "success"),
            job: ("completed", "abandoned"),
        }
        world.advance(DAY)
        here.heal()
        assert stored(engine, rereads.c.rungitid) == []
