"""The audit without a server: what the store alone can tell, and what it cannot."""

import pytest
import sqlalchemy as sa

from backfill.audit import audit
from schema.tables.ci import workflowruns
from tests.backfill.audit.test_audit import about_run, finished, named, of
from tests.backfill.command.test_audit import AUDIT, found_in
from tests.backfill.conftest import Command
from tests.backfill.filling import fill, served
from tests.backfill.lossy import deliver, desk_of, everything, here_of
from tests.backfill.test_complete import on_sqlite
from tests.fakegithub.samples import app_of, flow_of, small_world


def test_offline_needs_no_key_and_no_server(
    engine, store_url, command: Command, monkeypatch: pytest.MonkeyPatch
):
    world = small_world()
    repo = app_of(world)
    finished(world)
    gap, _ = finished(world)
    bare_run, its_jobs = finished(world)
    again, _ = finished(world)
    for job in world.rerun_all(again, after=60):
        world.start_job(job, after=5)
        world.finish_job(job, "success", after=30)
    world.finish_run(again, after=1)
    sha = world.push(repo, "Lost", after=60)
    world.push(repo, "Kept", after=60)
    never = world.trigger(flow_of(world), after=60)
    stuck = world.queue_job(never, "build")

    def lost(change):
        return (
            about_run(world, gap)(change)
            or change.key in its_jobs
            or (change.key == again and change.state.attempt == 1)
            or (change.event == "push" and sha in change.detail.commits)
        )

    deliver(engine, world, repo, lost)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    done = command(*AUDIT, "--offline", "--json")
    assert done.code == 1
    assert found_in(done) == [
        ("attempt", f"{again}/1"),
        ("commit", sha),
        ("jobs", str(bare_run)),
        ("open", str(never)),
        ("open", f"{never}/{stuck}"),
        ("run number", "2"),
    ]


@on_sqlite
def test_offline_is_complete_where_nothing_is_missing(engine, store_url, command: Command):
    world = small_world()
    finished(world)
    deliver(engine, world, app_of(world))
    done = command(*AUDIT, "--offline")
    assert done.code == 0
    assert done.out.splitlines()[-1].endswith("1 of 1 run")


@on_sqlite
def test_stub_of_a_run_that_only_its_job_told_of_is_a_missing_run(
    engine, store_url, command: Command
):
    world = small_world()
    run, _ = finished(world)
    deliver(engine, world, app_of(world), of("workflow_run", run))
    done = command(*AUDIT, "--offline", "--json")
    assert (done.code, found_in(done)) == (1, [("run", str(run))])
    with engine.connect() as connection:
        assert connection.scalars(sa.select(workflowruns.c.gitid)).all() == [run]


@on_sqlite
def test_without_asking_a_gap_may_be_missing_until_a_backfill_listed_that_time(engine, store_url):
    world = small_world()
    repo = app_of(world)
    finished(world)
    lost, _ = finished(world)
    finished(world)
    deliver(engine, world, repo, about_run(world, lost))
    with served(world, store_url) as github:
        with desk_of(engine, github) as desk:
            repoid = here_of(desk, world, repo).repoid
        found = audit.audit_store(engine, repoid, everything(world), pushes=True)
        assert named(found) == {("run number", "2")}
        world.delete_run(lost, after=60)
        assert fill(world, repo) == 0
    found = audit.audit_store(engine, repoid, everything(world), pushes=True)
    assert named(found) == set()
    assert [one[:2] for one in found.notes] == [("deleted", "2")]
