"""A forgotten repository leaves nothing behind, and nothing of any other goes with it."""

import json
import os
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select

from engines import reading
from fakegithub.world.world import World
from schema.tables.ci import metadata, repos
from schema.tables.deliveries import deliveries as table
from schema.tables.deliveries import deliveryparts
from store import delete_repository
from store.deliveries import table as deliveries
from store.deliveries.table import Delivery
from store.state import audits, health
from tests.equality import Contents, contents
from tests.store import production_doors
from tests.store.state.warned import read_warnings

KEY = ("github", 1)


def store(
    engine: Engine, world: World, extra: dict[str, object] | None = None, guid: str = ""
) -> None:
    """Store what a world sends."""
    for one in world.deliveries():
        name = one.payload["repository"]["full_name"]
        noise = extra if extra and name != "org/kept" else {}  # what is stored comes as it came
        payload = {**one.payload, **noise}
        body = json.dumps(payload).encode()
        time = deliveries.now()
        delivery = Delivery(
            "github", f"{guid}{one.guid}", 7, one.event, one.action, name, time, body
        )
        production_doors.store(engine, delivery)


def rows(engine: Engine) -> Contents:
    return {name: found for name, found in contents(engine).items() if found}


def key_of(engine: Engine, name: str) -> tuple[str, int]:
    (key,) = delete_repository.list_repositories(engine, name)
    return key


def test_forgotten_repository_leaves_what_was_there_before_it(engine: Engine):
    one = World(seed=3)
    play(one, one.create_repo("org/kept"))
    store(engine, one)
    before = rows(engine)
    gone = one.create_repo("org/gone")
    play(one, gone)
    one.rename(gone, "renamed", after=5)
    play(one, gone)
    store(engine, one, {"noise": os.urandom(500_000).hex()})
    key = key_of(engine, "ORG/renamed")
    assert delete_repository.list_repositories(engine, "org/gone") == [key]
    counted = delete_repository.count_rows(engine, key)
    assert counted["workflowruns"] == 2
    told = delete_repository.forget(engine, key)
    assert told["deliveries"] > 8
    assert {name: told[name] for name in counted} == counted
    assert rows(engine) == before
    with reading(engine).connect() as connection:
        assert connection.execute(select(deliveryparts)).all() == []


def test_rows_that_are_written_meanwhile_are_forgotten_and_come_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    world = World(seed=5)
    play(world, world.create_repo("org/gone"))
    store(engine, world)
    every, delete_rows = rows(engine), delete_repository.delete_rows

    def deliver_before(engine: Engine, table: Table, *given: Any) -> int:
        if table is repos:  # whose rows are deleted last
            store(engine, world)
        return delete_rows(engine, table, *given)

    monkeypatch.setattr(delete_repository, "delete_rows", deliver_before)
    monkeypatch.setattr(delete_repository, "LATE_SECONDS", 0)
    told = delete_repository.forget(engine, key_of(engine, "org/gone"))
    assert (told["repos"], told["workflowruns"], told["jobs"]) == (1, 2, 2)
    assert rows(engine) == {}
    store(engine, world, guid="again ")
    again = rows(engine)
    assert {name: again[name] for name in again if name != "deliveries"} == {
        name: every[name] for name in every if name != "deliveries"
    }


def test_forgetting_takes_verdicts_and_warnings_along(engine: Engine):
    world = World(seed=6)
    for name in ("org/kept", "org/gone"):
        play(world, world.create_repo(name))
    store(engine, world)
    with reading(engine).connect() as connection:
        numbers = dict(connection.execute(select(repos.c.name, repos.c.Id)).all())
    for name, number in numbers.items():
        time = deliveries.now()
        row = audits.StoredVerdict(number, time, "command", time, time, 1, 1, 0, [])
        audits.record(engine, row)
        health.put(engine, [health.HealthState(name, "silence", "warning", "is silent")])
    told = delete_repository.forget(engine, key_of(engine, "org/gone"))
    assert (told["audits"], told["health"]) == (1, 1)
    with reading(engine).connect() as connection:
        assert audits.latest(connection, numbers["org/gone"]) is None
        assert audits.latest(connection, numbers["org/kept"]) is not None
    assert [row.subject for row in read_warnings(engine)] == ["org/kept"]


def play(world: World, repo: int) -> None:
    """Let a repository run something."""
    world.push(repo, "Commit", after=60)
    run = world.trigger(world.add_workflow(repo, "CI"), after=2)
    job = world.queue_job(run, "build", after=1)
    world.start_job(job, after=6)
    world.finish_job(job, "success", after=120)
    world.finish_run(run, after=1)


def test_repository_that_took_the_name_later_keeps_its_deliveries(engine: Engine):
    world = World(seed=4)
    first = world.create_repo("org/app")
    play(world, first)
    world.rename(first, "old-app", after=5)
    second = world.create_repo("org/app")
    play(world, second)
    store(engine, world)
    key = next(found for found in delete_repository.list_repositories(engine, "org/old-app"))
    delete_repository.forget(engine, key)
    with reading(engine).connect() as connection:
        names = set(connection.execute(select(table.c.repo)).scalars())
        ids = connection.execute(select(metadata.tables["repos"].c.gitid)).scalars().all()
    assert names == {"org/app"}
    assert len(ids) == 1
    assert ids[0] != key[1]


def test_forgetting_what_is_not_stored_changes_nothing(engine: Engine):
    assert delete_repository.list_repositories(engine, "org/app") == []
    assert delete_repository.forget(engine, KEY) == {}
