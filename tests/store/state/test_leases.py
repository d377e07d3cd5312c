"""Leases: one holder over all replicas, another when it ends."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engines.mysql import connect, reading
from schema.tables.reconciler import leases as table
from store.state import leases

NAME = "reconcile"


@pytest.fixture
def engine(store_url):
    made = connect(store_url)
    yield made
    made.dispose()


def expire(engine: sa.Engine) -> None:
    """Let a minute go by, as the database sees it."""
    with engine.begin() as connection:
        (end,) = connection.execute(sa.select(table.c.endtime)).one()
        connection.execute(sa.update(table).values(endtime=end - timedelta(seconds=60)))


def test_lease_that_is_held_is_refused_to_others_and_renewed_for_its_holder(engine):
    assert leases.take(engine, NAME, "one", 30)
    assert not leases.take(engine, NAME, "two", 30)
    assert leases.take(engine, NAME, "one", 30)
    assert leases.take(engine, "another work", "two", 30)


def test_lease_that_has_ended_goes_to_whoever_asks_first(engine):
    assert leases.take(engine, NAME, "one", 30)
    expire(engine)
    assert leases.take(engine, NAME, "two", 30)
    assert not leases.take(engine, NAME, "one", 30)


def test_lease_that_is_given_up_is_free_at_once(engine):
    assert leases.take(engine, NAME, "one", 30)
    leases.release(engine, NAME, "two")
    assert not leases.take(engine, NAME, "two", 30)
    leases.release(engine, NAME, "one")
    assert leases.take(engine, NAME, "two", 30)


def test_lease_tells_its_holder(engine):
    with reading(engine).connect() as connection:
        assert leases.held(connection, NAME) is None
    leases.take(engine, NAME, "one", 30)
    with reading(engine).connect() as connection:
        held = leases.held(connection, NAME)
        left = held.endtime - leases.database_time(connection)
    assert held.holder == "one"
    assert timedelta(seconds=0) < left <= timedelta(seconds=30)


def test_lease_that_eight_ask_for_at_once_has_one_holder(engine, store_url):
    start, taken = threading.Barrier(8), []

    def ask(name: str) -> None:
        own = connect(store_url)
        start.wait()
        if leases.take(own, NAME, name, 60):
            taken.append(name)
        own.dispose()

    threads = [threading.Thread(target=ask, args=(f"process {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
