"""Every run of the world is stored: caps, bursts, and runs that move while they are read."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from fakegithub.server import scaled_clock
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema.tables.backfill import runreads, windows
from schema.tables.ci import jobs, runattempts, workflowruns
from tests.backfill.filling import fill, served
from tests.backfill.watching import after
from tests.equality import COMPARED, contents
from tests.fakegithub.samples import NOON, app_of, flow_of, runs_of, small_world

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def stored(engine: Engine, column: sa.Column) -> list:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(column).order_by(column)))


def listed_jobs(world: World, repo: int) -> list[int]:
    view = world.at()
    return sorted(job.id for run in view.runs(repo) for job in view.jobs(run.id))


def check_whole(engine: Engine, world: World, repo: int) -> None:
    """Fail unless every run, attempt and job of a repository is stored as it is now."""
    view = world.at()
    runs = list(view.runs(repo))
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(
                workflowruns.c.gitid,
                workflowruns.c.attempt,
                workflowruns.c.status,
                workflowruns.c.conclusion,
            )
        )
        assert sorted(map(tuple, found)) == sorted(
            (run.id, run.attempt, run.status, run.conclusion) for run in runs
        )
        found = connection.execute(sa.select(runattempts.c.rungitid, runattempts.c.attempt))
        assert sorted(map(tuple, found)) == sorted(
            (run.id, number) for run in runs for number in range(1, run.attempt + 1)
        )
        found = connection.execute(sa.select(jobs.c.gitid, jobs.c.status, jobs.c.conclusion))
        wanted = [(j.id, j.status, j.conclusion) for run in runs for j in view.jobs(run.id)]
        assert sorted(map(tuple, found)) == sorted(wanted)


@pytest.fixture
def writes(engine: Engine) -> Iterator[list[str]]:
    """Give the statements that write to a table of rows from now on, of any engine."""
    seen: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        words = statement.replace("`", "").split()
        if words[0] in ("INSERT", "UPDATE", "DELETE") and {*words[1:4]} & set(COMPARED):
            seen.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(Engine, "before_cursor_execute", note)


def test_second_run_writes_no_row_and_costs_next_to_nothing(engine, store_url, writes):
    world = history(seed=2, runs=130, jobs=3, days=20)
    repo = world.members[("repo", None)][0]
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        check_whole(engine, world, repo)
        before = contents(engine, versions=True)
        assert writes
        writes.clear()
        asked, counted = len(github.requests), github.counted
        assert fill(world, repo) == 0
        assert writes == []
        # The repository itself; all else is unchanged, which is free.
        assert github.counted - counted == 1
        assert len(github.requests) - asked < 10
    assert contents(engine, versions=True) == before


@on_sqlite
def test_burst_of_1500_runs_in_one_minute_is_whole(engine, store_url):
    world = history(seed=4, runs=1700, jobs=1, days=20, burst=1500)
    repo = world.members[("repo", None)][0]
    with served(world, store_url):
        assert fill(world, repo) == 0
    check_whole(engine, world, repo)
    with engine.connect() as connection:
        found = connection.execute(sa.select(windows.c.state, windows.c.total)).all()
        assert {state for state, _ in found} == {"closed"}
        assert sum(total for _, total in found) == 1700
        assert all(total < 1000 for _, total in found)
        left = sa.select(sa.func.count()).where(runreads.c.state != "done")
        assert connection.execute(left).scalar_one() == 0


@on_sqlite
def test_more_than_a_thousand_runs_in_one_second_are_all_read(
    engine, store_url, capsys: pytest.CaptureFixture[str]
):
    world = small_world()
    for _ in range(1001):
        world.finish_run(world.trigger(flow_of(world)))
    with served(world, store_url):
        assert fill(world, app_of(world)) == 0
    # A search gives 1,000 of them; the list without a filter has the last one, too.
    assert len(stored(engine, workflowruns.c.gitid)) == 1001
    assert "but lists" not in capsys.readouterr().err


@on_sqlite
def test_newest_runs_only_and_then_more_of_them(engine, store_url):
    world = small_world(runs=260)
    runs = runs_of(world)
    with served(world, store_url) as github:
        assert fill(world, app_of(world), "-m", "130") == 0
        assert stored(engine, workflowruns.c.gitid) == runs[-130:]
        asked = len(github.requests)
        assert fill(world, app_of(world), "-m", "130") == 0
        assert stored(engine, workflowruns.c.gitid) == runs[-130:]
        again = [one.path for one in github.requests[asked:]]
        # All runs are queued: each is asked for again, and is unchanged.
        assert sum("/jobs" in path for path in again) == 130
        assert fill(world, app_of(world), "-m", "131") == 0
        assert stored(engine, workflowruns.c.gitid) == runs[-131:]
        assert fill(world, app_of(world), "-m", "-1") == 0
        assert stored(engine, workflowruns.c.gitid) == runs


@on_sqlite
def test_runs_created_before_the_last_time_are_left_out(engine, store_url):
    world = small_world(runs=120)  # one a second from 12:00:00 on
    with served(world, store_url):
        assert fill(world, app_of(world), "-t", "2026-03-02T12:01:10Z") == 0
        assert stored(engine, workflowruns.c.gitid) == runs_of(world)[70:]
        assert fill(world, app_of(world), "-t", "2026-03-02T12:00:30Z") == 0
        assert stored(engine, workflowruns.c.gitid) == runs_of(world)[30:]
        assert fill(world, app_of(world)) == 0
        assert stored(engine, workflowruns.c.gitid) == runs_of(world)


@on_sqlite
def test_run_that_appears_while_it_pages_is_stored(engine, store_url):
    world = small_world(runs=150)
    with served(world, store_url) as github:
        after(github, r"page=2", lambda: [world.trigger(flow_of(world), after=s) for s in (0, 1)])
        assert fill(world, app_of(world)) == 0
    assert len(runs_of(world)) == 152
    check_whole(engine, world, app_of(world))


@on_sqlite
def test_run_deleted_while_it_pages_hides_no_other(engine, store_url):
    world = small_world(runs=330)  # one a second from 12:00:00 on
    runs = runs_of(world)
    with served(world, store_url) as github:
        # The window that is paged lies below two others, which are looked at again in the end.
        assert fill(world, app_of(world), "-t", "2026-03-02T12:04:30Z") == 0
        assert fill(world, app_of(world), "-t", "2026-03-02T12:03:20Z") == 0
        # What is first on its page 2 moves to page 1, which was read already.
        after(github, r"12:03:19Z", lambda: world.delete_run(runs[190]))
        assert fill(world, app_of(world)) == 0
    assert set(stored(engine, workflowruns.c.gitid)) >= {*runs} - {runs[190]}


def test_rerun_of_an_old_run_is_found_by_the_next_backfill(engine, store_url):
    world = history(seed=6, runs=40, jobs=3, days=20)
    repo = world.members[("repo", None)][0]
    with served(world, store_url) as github:
        assert fill(world, repo) == 0
        old = next(run for run in world.at().runs(repo)[20:] if run.status == "completed")
        world.rerun_all(old.id, after=60)
        asked = len(github.requests)
        assert fill(world, repo) == 0
        check_whole(engine, world, repo)
        jobs_asked = [one for one in github.requests[asked:] if "/jobs" in one.path]
        # As listed, and once more because it had not ended.
        assert len(jobs_asked) == 2
        for job in world.jobs_of(old.id):
            if job.status == "queued":
                world.start_job(job.id, after=5)
                world.finish_job(job.id, after=60)
        world.finish_run(old.id)
        assert fill(world, repo) == 0
        check_whole(engine, world, repo)


@on_sqlite
def test_world_that_goes_on_while_it_is_read_is_whole_in_the_end(engine, store_url):
    world = history(seed=8, runs=200, jobs=3, days=4)
    repo = world.members[("repo", None)][0]
    middle = int(NOON.timestamp()) + 86_400
    with served(world, store_url) as github:
        github.clock = scaled_clock(middle, 20_000)
        before = {run.id for run in world.at(middle).runs(repo)}
        assert fill(world, repo) == 0
        assert set(stored(engine, workflowruns.c.gitid)) >= before
        github.clock = None
        assert fill(world, repo) == 0
    check_whole(engine, world, repo)


@on_sqlite
def test_job_list_of_a_large_matrix_is_paged(engine, store_url):
    world = small_world(runs=1)
    run = runs_of(world)[0]
    for number in range(256):
        job = world.queue_job(run, f"test ({number})")
        world.start_job(job)
        world.finish_job(job, after=1)
    world.finish_run(run)
    with served(world, store_url):
        assert fill(world, app_of(world)) == 0
    assert stored(engine, jobs.c.gitid) == listed_jobs(world, app_of(world))
    assert len(stored(engine, jobs.c.gitid)) == 256
