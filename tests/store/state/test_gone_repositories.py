"""Repositories that are gone: what was seen last counts, and open runs end until they are back."""

import json
from datetime import datetime, timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from engines import connect
from schema.tables.ci import jobs, repos, runattempts, workflowruns
from store.deliveries.table import now
from store.state import gone_repositories as gone
from store.state.deleted_repositories import note_ends
from tests.conftest import clear_store
from tests.fakegithub.samples import app_of, runs_of, small_world
from tests.store import production_doors

NOW = now()
OPEN, ABANDONED = ("in_progress", None), ("completed", "abandoned")


def history(*, ends: bool) -> list[production_doors.Sent]:
    """Return the deliveries of a run that goes on, perhaps to its end, and of its deletion."""
    world = small_world(runs=1)
    (run,) = runs_of(world)
    job = world.queue_job(run, "build", after=5)
    world.start_job(job, after=30)
    if ends:
        world.finish_job(job, "success", after=60)
        world.finish_run(run, after=5)
    world.delete_repo(app_of(world), after=60)
    events = ("workflow_run", "workflow_job", "repository")
    sent = [
        production_doors.sent(one.event, one.payload, one.guid)
        for one in world.deliveries(events=events)
        if one.action != "created"
    ]
    return [
        one._replace(delivery=one.delivery._replace(receivetime=NOW))
        if one.delivery.action == "deleted"
        else one
        for one in sent
    ]


def ends(engine: Engine) -> list[tuple[object, ...]]:
    """Return how the run, its attempt and its job are stored."""
    with engine.connect() as connection:
        return [
            tuple(row)
            for table in (workflowruns, runattempts, jobs)
            for row in connection.execute(
                sa.select(table.c.status, table.c.conclusion, table.c.endtime, table.c.runtime)
            )
        ]


def mark(engine: Engine) -> tuple[object, ...]:
    """Return since when and why the repository is gone."""
    with engine.connect() as connection:
        return tuple(connection.execute(sa.select(repos.c.gonetime, repos.c.gonereason)).one())


def test_open_run_of_a_deleted_repository_ends_without_times(engine):
    production_doors.by_webhook(engine, history(ends=False))
    assert ends(engine) == [(*ABANDONED, None, None)] * 3
    assert mark(engine) == (NOW, "deleted")


@pytest.mark.parametrize("door", [production_doors.by_webhook, production_doors.by_replay])
def test_deletion_and_run_in_any_order_are_the_same(store_url, engine_name, door):
    if engine_name != "sqlite":
        pytest.skip("orders are tried on SQLite: other tests have the statements of all engines")
    for is_ended in (False, True):
        told = set()
        for order in permutations(history(ends=is_ended)[-4:]):
            clear_store(store_url)
            store = connect(store_url)  # a new one: what is known to be stored is kept by engine
            try:
                for one in order:
                    door(store, [one])
                told.add(tuple((status, conclusion) for status, conclusion, *_ in ends(store)))
                assert mark(store) == (NOW, "deleted")
            finally:
                store.dispose()
        assert len(told) == 1


def test_repository_that_is_back_has_its_runs_open_below_every_record(engine):
    told = history(ends=False)
    production_doors.by_webhook(engine, told)
    with engine.begin() as connection:
        (known,) = gone.list_gone(connection)
        assert not gone.mark_back(connection, known.repoid, NOW - timedelta(hours=1))
        assert gone.mark_back(connection, known.repoid, NOW + timedelta(hours=1))
        assert not gone.mark_back(connection, known.repoid, NOW + timedelta(hours=2))
        versions = connection.scalars(sa.select(jobs.c.version)).all()
    assert versions == [gone.REOPENED]
    assert {row[:2] for row in ends(engine)} == {OPEN}
    assert mark(engine) == (NOW + timedelta(hours=1), None)
    # The event says nothing new: the repository was seen later.
    with engine.begin() as connection:
        note_ends(connection, [(one.mapped, NOW) for one in told])
    assert mark(engine) == (NOW + timedelta(hours=1), None)


def test_repository_that_began_a_run_long_after_its_deletion_is_back(engine):
    deleted = NOW - timedelta(days=3)
    *told, end = history(ends=False)
    end = end._replace(delivery=end.delivery._replace(receivetime=deleted))
    production_doors.by_webhook(engine, [*told, end])
    assert mark(engine) == (deleted, "deleted")

    def run_at(number: int, created: datetime) -> production_doors.Sent:
        payload = json.loads(told[0].delivery.body)
        times = dict.fromkeys(("created_at", "run_started_at", "updated_at"), f"{created}Z")
        payload["workflow_run"] |= {"id": number, "run_number": number, **times}
        return production_doors.sent("workflow_run", payload, f"run {number}")

    production_doors.by_webhook(engine, [run_at(7001, deleted + timedelta(minutes=5))])
    assert mark(engine) == (deleted, "deleted")  # the clocks may be apart
    production_doors.by_webhook(engine, [run_at(7002, NOW + timedelta(days=900))])
    assert mark(engine) == (deleted, "deleted")  # a clock that is wrong
    production_doors.by_webhook(engine, [run_at(7003, NOW - timedelta(hours=1))])
    assert mark(engine)[1] is None
    assert ends(engine)[0] == (*OPEN, None, None)


def test_run_that_was_heard_of_lately_goes_on_for_a_while(engine):
    production_doors.by_webhook(engine, history(ends=False)[:-1])
    with engine.begin() as connection:
        repoid = connection.scalar(sa.select(repos.c.Id))
        last = connection.scalar(sa.select(workflowruns.c.updatetime))
        started = connection.scalar(sa.select(jobs.c.starttime))
        assert gone.mark_gone(connection, repoid, gone.NOT_FOUND, NOW)
        heard = max(last, started)
        assert gone.abandon_runs(connection, repoid, heard - timedelta(seconds=1)) == 0
        assert gone.abandon_runs(connection, repoid, heard) == 1
        assert gone.abandon_runs(connection, repoid, heard) == 0


def test_certain_reason_takes_the_place_of_a_404_and_keeps_its_time(engine):
    production_doors.by_webhook(engine, history(ends=False)[:-1])
    with engine.begin() as connection:
        repoid = connection.scalar(sa.select(repos.c.Id))
        assert gone.mark_gone(connection, repoid, gone.NOT_FOUND, NOW)
        assert not gone.mark_gone(connection, repoid, gone.BLOCKED, NOW + timedelta(hours=1))
        assert not gone.mark_gone(connection, repoid, gone.NOT_FOUND, NOW + timedelta(hours=2))
    assert mark(engine) == (NOW, "blocked")


def test_mark_of_a_time_that_has_not_come_is_void(engine: Engine):
    production_doors.deliver(engine, history(ends=False)[:1])
    with engine.begin() as connection:
        repoid = connection.execute(sa.select(repos.c.Id)).scalar_one()
        assert gone.mark_gone(connection, repoid, gone.NOT_FOUND, NOW + timedelta(days=40))
        assert gone.mark_back(connection, repoid, NOW)
        assert gone.mark_gone(connection, repoid, gone.NOT_FOUND, NOW + timedelta(minutes=1))


@pytest.mark.parametrize("door", [production_doors.by_webhook, production_doors.by_replay])
def test_deletion_that_is_told_again_after_the_repository_was_restored_is_past(engine, door):
    *told, end = history(ends=False)
    payload = json.loads(end.delivery.body)
    later = payload["repository"] | {"updated_at": "2026-03-02T12:20:00Z"}
    edited = production_doors.sent(
        "repository", {**payload, "action": "edited", "repository": later}, "edited"
    )
    door(engine, [*told, edited])
    again = end.delivery._replace(guid="again", receivetime=NOW)
    door(engine, [end._replace(delivery=again)])
    assert mark(engine) == (None, None)
    assert {row[:2] for row in ends(engine)} == {OPEN}
