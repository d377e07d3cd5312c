"""Leases: one holder over all replicas, another when it ends."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from engines import connect, database_time, reading
from engines.lease import Lease, holder_of, is_over, keep, release, take
from schema.tables.reconciler import leases as table

NAME = "reconcile"


@pytest.fixture
def engine(store_url):
    made = connect(store_url)
    yield made
    made.dispose()


def lease(engine: sa.Engine, holder: str, name: str = NAME) -> Lease:
    """Return a lease as one process asks for it."""
    return Lease(engine, table, name, holder)


def expire(engine: sa.Engine) -> None:
    """Let a minute go by, as the database sees it."""
    with engine.begin() as connection:
        (end,) = connection.execute(sa.select(table.c.endtime)).one()
        connection.execute(sa.update(table).values(endtime=end - timedelta(seconds=60)))


def test_lease_that_is_held_is_refused_to_others_and_renewed_for_its_holder(engine):
    assert take(lease(engine, "one"), 30)
    assert not take(lease(engine, "two"), 30)
    assert take(lease(engine, "one"), 30)
    assert take(lease(engine, "two", "another work"), 30)


def test_lease_that_has_ended_goes_to_whoever_asks_first(engine):
    assert take(lease(engine, "one"), 30)
    expire(engine)
    assert take(lease(engine, "two"), 30)
    assert not take(lease(engine, "one"), 30)


def test_lease_that_ends_later_than_any_can_is_void(engine):
    assert take(lease(engine, "one"), 40 * 24 * 3600)
    assert take(lease(engine, "two"), 30)
    assert not take(lease(engine, "one"), 30)


def test_lease_of_who_looked_at_the_clock_after_us_is_held(engine):
    assert take(lease(engine, "one"), 45)
    assert not take(lease(engine, "two"), 30)


@pytest.mark.parametrize(
    ("ahead", "over"), [(-1, True), (0, True), (1, False), (60, False), (61, True)]
)
def test_stored_time_is_over_once_it_has_come_and_where_it_cannot_be(ahead, over):
    noon = datetime(2026, 3, 2, 12)
    time = noon + timedelta(seconds=ahead)
    assert is_over(time, noon, timedelta(seconds=60)) is over


def test_lease_that_is_given_up_is_free_at_once(engine):
    assert take(lease(engine, "one"), 30)
    release(lease(engine, "two"))
    assert not take(lease(engine, "two"), 30)
    release(lease(engine, "one"))
    assert take(lease(engine, "two"), 30)


def test_lease_tells_its_holder(engine):
    with reading(engine).connect() as connection:
        assert holder_of(connection, table, NAME) is None
    take(lease(engine, "one"), 30)
    with reading(engine).connect() as connection:
        held = holder_of(connection, table, NAME)
        left = held.endtime - database_time(connection)
    assert held.holder == "one"
    assert timedelta(seconds=0) < left <= timedelta(seconds=30)


def test_lease_that_eight_ask_for_at_once_has_one_holder(engine, store_url):
    start, taken = threading.Barrier(8), []

    def ask(name: str) -> None:
        own = connect(store_url)
        start.wait()
        if take(lease(own, name), 60):
            taken.append(name)
        own.dispose()

    threads = [threading.Thread(target=ask, args=(f"process {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_lease_that_another_took_is_no_longer_kept(engine, monkeypatch):
    monkeypatch.setattr("engines.lease.HEARTBEAT_SECONDS", 0.01)
    ended = threading.Event()
    assert take(lease(engine, "one"), 3)
    keeping = threading.Thread(target=lambda: kept.append(keep(mine, 3, ended.wait)))
    kept, mine = list[bool](), lease(engine, "one")
    keeping.start()
    with engine.begin() as connection:
        end = database_time(connection) + timedelta(seconds=5)
        connection.execute(sa.update(table).values(holder="two", endtime=end))
    keeping.join(60)
    ended.set()
    assert kept == [False]
