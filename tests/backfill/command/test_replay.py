"""Replay of stored deliveries: what it writes, what it leaves, what it says."""

import json
from datetime import datetime
from urllib.parse import quote_plus

import pytest
import sqlalchemy as sa

from fakegithub.payloads import events
from fakegithub.world.history import history
from schema.tables.ci import branches, commits, jobs, runattempts, workflowruns, workflows
from schema.tables.deliveries import deliveries
from store import apply
from store.deliveries.table import Delivery
from tests.backfill.conftest import Command
from tests.equality import check_equal, contents
from tests.store import production_doors
from tests.store.writers import emptied

HERE = events.repository(full_name="octo-org/app", id=7)
CI = events.workflow(repository=HERE, name="CI")
RUN = events.run(repository=HERE, workflow=CI, id=100, created_at=events.at("12:00:00"))
BUILD = events.job(run=RUN, id=200, name="build", created_at=events.at("12:00:01"))


def run_body() -> bytes:
    told = events.workflow_run_event(action="requested", run=RUN, workflow=CI, repository=HERE)
    return json.dumps(told).encode()


def job_body(name: str = "build") -> bytes:
    told = events.workflow_job_event(action="queued", job={**BUILD, "name": name}, repository=HERE)
    return json.dumps(told).encode()


def delivery(
    guid: str, event: str, body: bytes, *, hour: int = 12, repo: str = "octo-org/app"
) -> Delivery:
    time = datetime(2026, 3, 2, hour)
    return Delivery("github", guid, 1, event, "queued", repo, time, body)


def stored(engine: sa.Engine, guid: str) -> sa.Row:
    with engine.connect() as connection:
        return connection.execute(sa.select(deliveries).where(deliveries.c.guid == guid)).one()


def names(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(jobs.c.name)))


def test_quarantined_delivery_becomes_applied_once_it_can_be_mapped(engine, command: Command):
    production_doors.quarantine(engine, delivery("g1", "workflow_job", job_body()), "KeyError: 'x'")
    done = command("--replay", "--state", "quarantined")
    assert done.code == 0
    assert done.out == (
        "1 delivery replayed: 1 applied, 0 of repositories that are not watched, 0 not mappable\n"
    )
    row = stored(engine, "g1")
    assert (row.state, row.error, row.attempts) == ("applied", None, 2)
    assert row.applytime > row.receivetime
    assert names(engine) == ["build"]


def test_form_body_is_replayed_like_json(engine, command: Command):
    body = b"payload=" + quote_plus(job_body("é & + 100%")).encode()
    production_doors.quarantine(engine, delivery("g1", "workflow_job", body), "a mistake of ours")
    assert command("--replay").code == 0
    assert names(engine) == ["é & + 100%"]


def test_delivery_that_still_cannot_be_mapped_stays_with_the_newest_reason(engine, command):
    body = json.dumps({"repository": HERE, "workflow_job": {"id": "x"}}).encode()
    production_doors.quarantine(engine, delivery("g1", "workflow_job", body), "KeyError: 'x'")
    production_doors.quarantine(engine, delivery("g2", "workflow_job", job_body()), "KeyError: 'x'")
    done = command("--replay")
    assert done.code == 1
    assert "1 applied" in done.out
    assert "1 not mappable" in done.out
    row = stored(engine, "g1")
    assert (row.state, row.attempts) == ("quarantined", 2)
    assert row.error.startswith("workflow_job.")
    assert f"workflow_job g1: {row.error}" in done.err
    assert stored(engine, "g2").state == "applied"


def test_row_that_no_column_holds_does_not_keep_its_page_from_being_written(engine, command):
    long = json.dumps(events.create_event(repository=HERE, ref="b" * 513)).encode()
    production_doors.quarantine(engine, delivery("g1", "create", long), "too long")
    production_doors.quarantine(engine, delivery("g2", "workflow_job", job_body()), "a mistake")
    assert command("--replay").code == 1
    assert [stored(engine, guid).state for guid in ("g1", "g2")] == ["quarantined", "applied"]
    assert "513" in stored(engine, "g1").error or "512" in stored(engine, "g1").error


def test_replay_of_all_deliveries_makes_an_emptied_store_equal(engine, command: Command):
    world = history(seed=3, runs=12, jobs=3, days=3)
    for place, sent in enumerate(world.deliveries()):
        body = json.dumps(sent.payload).encode()
        one = Delivery(
            "github", sent.guid, 1, sent.event, sent.action, None, datetime(2026, 3, 2), body
        )
        production_doors.store(engine, one) if place % 3 else (
            production_doors.quarantine(engine, one, "a mistake of ours")
        )
    assert command("--replay").code == 0
    first = contents(engine)
    with engine.begin() as connection:
        for table in (jobs, runattempts, workflowruns, workflows, commits, branches):
            connection.execute(table.delete())
    apply.CACHES.clear()
    assert command("--replay").code == 0
    check_equal(contents(engine), first)


def test_filters_choose_by_time_guid_event_and_state(engine, command: Command):
    for hour, guid, event in (
        (1, "g1", "workflow_job"),
        (2, "g2", "workflow_run"),
        (3, "g3", "push"),
    ):
        body = run_body() if event == "workflow_run" else job_body()
        if event != "push":
            production_doors.quarantine(engine, delivery(guid, event, body, hour=hour), "a mistake")
    production_doors.ignore(
        engine, delivery("g4", "workflow_job", job_body(), hour=4), "not watched"
    )

    def told(*words: str) -> str:
        return command("--replay", "--dry-run", *words).out.splitlines()[-1]

    def count(*words: str) -> int:
        return int(command("--replay", *words).out.split()[0])

    assert count("--until", "2026-03-02T01:00:00Z") == 0
    assert count("--since", "2026-03-02T02:00:01") == 0
    assert count("--guid", "g4") == 0
    assert count("--state", "applied") == 0
    assert count("--guid", "g1") == 1
    assert count("--state", "applied") == 1
    assert count("--state", "quarantined") == 1
    assert count("--event", "workflow_run") == 1
    assert count() == 2
    assert told("--guid", "g1") == "0 rows would change, 0 deliveries are not mappable"


def test_repository_that_is_not_watched_is_not_stored_by_a_replay(
    engine, command: Command, monkeypatch: pytest.MonkeyPatch
):
    production_doors.quarantine(
        engine, delivery("g1", "workflow_job", job_body()), "a mistake of ours"
    )
    assert command("--replay", "-r", "octo-org/other").code == 0
    row = stored(engine, "g1")
    assert (row.state, row.error, row.body) == ("ignored", "octo-org/app is not watched", None)
    assert names(engine) == []


def test_repository_whose_former_name_is_watched_is_applied_by_a_replay(engine, command: Command):
    told = events.repository_event(
        action="renamed", repository=HERE, changes={"repository": {"name": {"from": "before"}}}
    )
    body = json.dumps(told).encode()
    production_doors.quarantine(engine, delivery("g1", "repository", body), "a mistake of ours")
    production_doors.quarantine(
        engine, delivery("g2", "workflow_job", job_body()), "a mistake of ours"
    )
    done = command("--replay", "-r", "octo-org/before")
    assert "2 applied, 0 of repositories that are not watched" in done.out
    row = stored(engine, "g1")
    assert (row.state, row.error) == ("applied", None)
    assert row.body is not None


def test_replay_without_a_database_is_one_sentence(command: Command, bare):
    done = command("--replay")
    assert (done.code, done.out) == (2, "")
    assert done.err == ("local-database.py: there is no database yet, so no delivery to replay\n")
    assert list(bare.iterdir()) == []


def test_flag_without_effect_is_refused(command: Command, bare):
    assert command("--replay", "-m", "5").err == (
        "local-database.py: --max_runs: has no effect with --replay\n"
    )
    assert command("--guid", "x").err == "local-database.py: --guid: is for --replay only\n"
    assert command("--replay", "--state", "lost").err == (
        "local-database.py: --state: 'lost' is not applied or quarantined\n"
    )


def test_rows_of_an_emptied_store_are_not_believed_to_be_stored(
    engine, command: Command, store_url
):
    production_doors.quarantine(
        engine, delivery("g1", "workflow_job", job_body()), "a mistake of ours"
    )
    assert command("--replay").code == 0
    emptied(store_url)
    production_doors.quarantine(
        engine, delivery("g1", "workflow_job", job_body()), "a mistake of ours"
    )
    assert command("--replay").code == 0
    assert names(engine) == ["build"]
