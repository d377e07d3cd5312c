"""What a replay would change is what it changes: raised revisions, new rows, nothing written."""

import json
from datetime import datetime

import sqlalchemy as sa

from fakegithub.world.history import history
from rows import fields, version
from rows.github.events import rows_for
from schema.tables.ci import jobs, repos, workflowruns
from store.deliveries.table import Delivery
from store.doors.dry_run import preview
from tests.backfill.command.test_replay import delivery, job_body, run_body, stored
from tests.backfill.conftest import Command
from tests.equality import check_equal, contents
from tests.store import production_doors


def state(engine: sa.Engine) -> tuple[str, str]:
    with engine.connect() as connection:
        return (
            connection.scalars(sa.select(jobs.c.status)).one(),
            connection.scalars(sa.select(workflowruns.c.status)).one(),
        )


def test_raised_revision_takes_effect_in_every_row(engine, command: Command, monkeypatch):
    run = delivery("g1", "workflow_run", run_body())
    production_doors.store(engine, run)
    told = delivery("g2", "workflow_job", job_body())
    production_doors.store(engine, told)

    plain = fields.text

    def louder(source, key, at, *more):
        found = plain(source, key, at, *more)
        return found.upper() if key == "status" and found else found

    monkeypatch.setattr(fields, "text", louder)
    monkeypatch.setattr(version, "REVISION", {name: 99 for name in version.REVISION})
    done = command("--replay", "--dry-run")
    assert done.code == 0
    assert "jobs github/200, status: 'queued' -> 'QUEUED'" in done.out
    assert "runattempts github/100/1, status: 'queued' -> 'QUEUED'" in done.out
    assert "workflowruns github/100, status: 'queued' -> 'QUEUED'" in done.out
    assert done.out.splitlines()[-1] == "3 rows would change, 0 deliveries are not mappable"
    assert state(engine) == ("queued", "queued")
    assert command("--replay").code == 0
    assert state(engine) == ("QUEUED", "QUEUED")


def test_dry_run_shows_new_rows_and_writes_nothing(engine, command: Command):
    production_doors.quarantine(
        engine, delivery("g1", "workflow_job", job_body()), "a mistake of ours"
    )
    before = contents(engine, versions=True)
    done = command("--replay", "--dry-run")
    assert done.code == 0
    lines = done.out.splitlines()
    assert "jobs github/200, name: no row -> 'build'" in lines
    assert "repos github/7, name: no row -> 'octo-org/app'" in lines
    assert lines[-1] == "5 rows would change, 0 deliveries are not mappable"
    check_equal(contents(engine, versions=True), before)
    assert stored(engine, "g1").attempts == 1
    assert command("--replay").code == 0
    with engine.connect() as connection:
        assert connection.scalars(sa.select(repos.c.name)).all() == ["octo-org/app"]


def test_new_row_has_the_number_of_no_stored_one_that_comes_later(engine):
    production_doors.store(engine, delivery("g1", "workflow_run", run_body()))
    production_doors.store(engine, delivery("g2", "workflow_job", job_body()))
    with engine.begin() as connection:  # as in a store that nothing was ever deleted from
        connection.execute(sa.update(workflowruns).values(Id=1))
    other = json.loads(run_body())
    other["workflow_run"]["id"] = 101
    batches = [
        [rows_for("workflow_run", other)],
        [rows_for("workflow_job", json.loads(job_body()))],
    ]
    changes = [*preview(engine, batches, [])]
    assert {(one.table, one.key) for one in changes} == {
        ("workflowruns", ("github", 101)),
        ("runattempts", ("github", 101, 1)),
    }


def test_dry_run_tells_all_that_the_replay_then_changes(engine, command: Command):
    world = history(seed=5, runs=6, jobs=3, days=2)
    for sent in world.deliveries():
        body = json.dumps(sent.payload).encode()
        one = Delivery(
            "github", sent.guid, 1, sent.event, sent.action, None, datetime(2026, 3, 2), body
        )
        production_doors.quarantine(engine, one, "a mistake of ours")
    told = command("--replay", "--dry-run")
    rows = {line.partition(", ")[0] for line in told.out.splitlines()[:-1]}
    assert command("--replay").code == 0
    held = sum(
        counter.total() for name, counter in contents(engine).items() if name != "deliveries"
    )
    assert len(rows) == held
    again = command("--replay", "--dry-run")
    assert again.out == "0 rows would change, 0 deliveries are not mappable\n"
