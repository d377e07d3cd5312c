"""The spool is written back as if its deliveries had come one by one, and nothing else happens."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, text

from config.watch import watch
from engines import connect
from fakegithub.world.history import history
from listener.background import spool_drain
from listener.background.spool_drain import SpoolDrain
from listener.intake.circuit_breaker import CircuitBreaker
from schema.tables.deliveries import deliveries as table
from store import apply
from store.deliveries import table as deliveries
from store.deliveries.spool import Entry, Spool
from store.deliveries.table import Delivery
from store.doors import probe
from tests.conftest import clear_store
from tests.equality import check_equal, contents
from tests.listener.process import ROOT
from tests.listener.sending import changed, recorded
from tests.store import production_doors

RUN = "workflow_run__completed_success"


def delivery(guid: str, name: str = RUN, **changes: object) -> Delivery:
    """Return a recorded delivery, changed."""
    body = changed(name, **changes) if changes else recorded(name)
    event_name = name.partition("__")[0]
    return Delivery("github", guid, 7, event_name, None, None, deliveries.now(), body)


@pytest.fixture
def draining(engine: Engine, tmp_path: Path) -> SpoolDrain:
    """Give an empty spool beside an empty store."""

    def ask() -> None:
        probe.probe(engine)

    breaker = CircuitBreaker(ask)
    return SpoolDrain(engine, watch(()), Spool(tmp_path / "spool"), breaker, ask, Counter())


def put(draining: SpoolDrain, *those: Delivery) -> list[Entry]:
    for one in those:
        draining.spool.put(one)
    return draining.spool.take(1000)


def states(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        found = connection.execute(select(table.c.guid, table.c.state))
        return {guid: state for guid, state in found}


def world(runs: int) -> list[Delivery]:
    """Return what a generated history sends, each delivery twice."""
    found = []
    for one in history(seed=11, runs=runs, days=3).deliveries():
        body = json.dumps(one.payload).encode()
        found.append(
            Delivery("github", one.guid, 7, one.event, one.action, None, deliveries.now(), body)
        )
    return found + found[::-1]


def test_spool_written_back_equals_deliveries_stored_one_by_one(
    draining: SpoolDrain, engine: Engine, store_url: str
):
    those = world(8)
    for one in those:
        production_doors.store(engine, one)
    wanted = contents(engine)
    clear_store(store_url)
    apply.CACHES.clear()
    for one in those:
        draining.spool.put(one)
    while found := draining.spool.take(spool_drain.BATCH):
        spool_drain.step(draining, found)
    assert not draining.breaker.is_open
    check_equal(contents(engine), wanted)


def test_every_kind_of_delivery_meets_its_fate(draining: SpoolDrain, engine: Engine):
    found = put(
        draining,
        delivery("good"),
        delivery("star")._replace(event="star"),
        delivery("broken", workflow_run__id="x"),
        delivery("no json")._replace(body=b"{"),
        delivery("too long for its column", repository__full_name="org/" + "x" * 5000),
    )
    draining.spool.put(delivery("later"))
    spool_drain.step(draining, found)
    assert states(engine) == {
        "good": "applied",
        "star": "ignored",
        "broken": "quarantined",
        "no json": "quarantined",
        "too long for its column": "quarantined",
    }
    assert [one.delivery.guid for one in draining.spool.take(10)] == ["later"]


def test_delivery_of_a_repository_that_is_not_watched_is_ignored(
    draining: SpoolDrain, engine: Engine
):
    draining = draining._replace(watch=watch(["octo/cat"]))
    spool_drain.step(draining, put(draining, delivery("foreign")))
    assert states(engine) == {"foreign": "ignored"}


def test_delivery_applied_meanwhile_is_not_applied_again(draining: SpoolDrain, engine: Engine):
    first = delivery("g")
    production_doors.store(engine, first)
    spool_drain.step(draining, put(draining, delivery("g"), delivery("g", workflow_run__id="x")))
    with engine.connect() as connection:
        query = select(table.c.state, table.c.attempts).order_by(table.c.Id)
        # Another body under its guid is another delivery.
        assert connection.execute(query).all() == [("applied", 1), ("quarantined", 1)]
    assert draining.spool.count() == 0


def test_entries_stay_until_their_transaction_is_committed(draining: SpoolDrain, engine: Engine):
    counts = []

    def count(_: object) -> None:
        counts.append(draining.spool.count())

    event.listen(engine, "commit", count)
    spool_drain.step(draining, put(draining, delivery("a"), delivery("b")))
    event.remove(engine, "commit", count)
    assert (counts, draining.spool.count()) == ([2], 0)


def test_database_down_leaves_the_spool_as_it_is_and_opens_the_breaker(draining: SpoolDrain):
    down = draining._replace(engine=connect("mysql+pymysql://root@127.0.0.1:1/runs"))
    spool_drain.step(down, put(draining, delivery("a"), delivery("b")))
    assert (draining.spool.count(), draining.breaker.is_open) == (2, True)


@pytest.fixture
def refusing(engine: Engine) -> Iterator[str]:
    """Let the database refuse one branch, for a reason that is not in the data."""

    def refuse(_: object, __: object, ___: str, values: object, *____: object) -> None:
        if "poison" in str(values):
            fail(engine)

    event.listen(engine, "before_cursor_execute", refuse)
    yield "poison"
    event.remove(engine, "before_cursor_execute", refuse)


def fail(engine: Engine) -> None:
    """Raise an error that says nothing about data."""
    with connect(engine.url).connect() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_delivery_that_alone_makes_the_database_fail_does_not_stop_the_others(
    draining: SpoolDrain, engine: Engine, refusing: str
):
    found = put(
        draining,
        delivery("a", workflow_run__id=1),
        delivery("culprit", workflow_run__id=2, workflow_run__head_branch=refusing),
        delivery("b", workflow_run__id=3),
    )
    for _ in range(spool_drain.TRIES):
        spool_drain.step(draining, found)
        assert states(engine) == {}  # the database may be at fault
        assert draining.breaker.is_open
        draining.breaker.try_once()
    spool_drain.step(draining, found)
    assert states(engine) == {"a": "applied", "culprit": "quarantined", "b": "applied"}
    assert draining.spool.count() == 0


def test_delivery_that_cannot_even_be_quarantined_stays_and_does_not_stop_the_others(
    draining: SpoolDrain, engine: Engine, refusing: str
):
    culprit = delivery(refusing, workflow_run__id=1)
    found = put(draining, culprit, delivery("b", workflow_run__id=2))
    for _ in range(spool_drain.TRIES):
        spool_drain.step(draining, found)
        draining.breaker.try_once()
    spool_drain.step(draining, found)
    assert states(engine) == {"b": "applied"}
    assert [one.delivery.guid for one in draining.spool.take(10)] == [refusing]


KILLED = """
import os, signal, sys
from collections import Counter
from pathlib import Path
from sqlalchemy import event
from config.watch import watch
from engines import connect
from listener.background import spool_drain
from listener.intake.circuit_breaker import CircuitBreaker
from store.deliveries.spool import Spool
engine, commits, moment = connect(sys.argv[1]), [], sys.argv[3]

def kill(*_):
    commits.append(1)
    if len(commits) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

class Killed(Spool):
    def remove(self, numbers):
        if moment == "after the commit":
            kill()
        super().remove(numbers)

if moment == "before the commit":
    event.listen(engine, "commit", kill)
spool_drain.BATCH = 7
spool = Killed(Path(sys.argv[2]))
breaker = CircuitBreaker(print)
spool_drain.work(spool_drain.SpoolDrain(engine, watch(()), spool, breaker, print, Counter()))
"""


def test_drainer_killed_around_a_commit_loses_and_doubles_nothing(
    draining: SpoolDrain, engine: Engine, store_url: str
):
    those = world(6)
    for one in those:
        draining.spool.put(one)
    for moment in ("before the commit", "after the commit") * 2:
        command = [sys.executable, "-c", KILLED, store_url, str(draining.spool.folder), moment]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert draining.spool.count() == len(those) - 4 * 2 * 7
    while found := draining.spool.take(spool_drain.BATCH):
        spool_drain.step(draining, found)
    drained = contents(engine)
    clear_store(store_url)
    apply.CACHES.clear()
    for one in those:
        production_doors.store(engine, one)
    check_equal(drained, contents(engine))
