"""Raw deliveries are dropped when they are old enough, but never what waits for a person."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from engines import reading
from schema.tables.deliveries import deliveries as table
from schema.tables.deliveries import deliveryparts
from store.deliveries import retention
from store.deliveries import table as deliveries
from store.deliveries.table import APPLIED, IGNORED, QUARANTINED, Delivery


def keep(engine: Engine, guid: str, state: str, days: float, body: bytes = b"{}") -> None:
    """Store a delivery that was received so many days ago."""
    received = deliveries.now() - timedelta(days=days)
    delivery = Delivery("github", guid, 7, "push", None, None, received, body)
    with engine.begin() as connection:
        deliveries.save_all(connection, [(delivery, state, None)])


def left(engine: Engine) -> set[str]:
    with reading(engine).connect() as connection:
        return set(connection.execute(select(table.c.guid)).scalars())


def test_old_deliveries_are_dropped_unless_they_are_quarantined(engine: Engine):
    keep(engine, "old quarantine", QUARANTINED, 4000)
    keep(engine, "old note", IGNORED, 400)
    keep(engine, "old", APPLIED, 30.1)
    keep(engine, "young", APPLIED, 29.9)
    keep(engine, "new", APPLIED, 0)
    assert retention.drop(engine, 30) == 2
    assert retention.drop(engine, 30) == 0
    assert left(engine) == {"young", "new", "old quarantine"}


def test_nothing_is_dropped_by_a_clock_that_no_reception_vouches_for(engine: Engine):
    keep(engine, "this month", APPLIED, 20)
    keep(engine, "today", APPLIED, 0)
    assert retention.drop(engine, 30, deliveries.now() + timedelta(days=40)) == 0
    assert retention.drop(engine, 19, deliveries.now() + timedelta(days=40)) == 1


def test_delivery_received_by_a_clock_ahead_makes_no_other_old_and_goes_with_its_neighbours(
    engine: Engine,
):
    keep(engine, "this month", APPLIED, 20)
    keep(engine, "ahead", APPLIED, -9000)
    keep(engine, "a moment later", APPLIED, 20)
    keep(engine, "today", APPLIED, 0)
    assert retention.drop(engine, 30) == 0
    assert retention.drop(engine, 19) == 3
    assert left(engine) == {"today"}


def test_delivery_received_by_a_clock_behind_is_as_young_as_the_one_before(engine: Engine):
    keep(engine, "this month", APPLIED, 20)
    keep(engine, "behind", APPLIED, 20_000)
    keep(engine, "today", APPLIED, 0)
    assert retention.drop(engine, 30) == 0
    assert retention.drop(engine, 19) == 2


def test_delivery_received_before_a_leap_of_the_clock_is_as_young_as_the_leap(engine: Engine):
    keep(engine, "behind", APPLIED, 20_000)
    keep(engine, "today", APPLIED, 0)
    with reading(engine).connect() as connection:
        behind, today = connection.execute(select(table.c.Id).order_by(table.c.Id)).scalars()
    now = deliveries.now()
    leaps = [(behind, now - timedelta(days=10)), (today, now)]
    assert retention.drop(engine, 30, now, leaps) == 0
    assert retention.drop(engine, 9, now, leaps) == 1


def test_parts_of_a_long_body_are_dropped_with_it(engine: Engine):
    keep(engine, "old", APPLIED, 31, os.urandom(900_000))
    keep(engine, "young", APPLIED, 0.5, os.urandom(900_000))
    assert retention.drop(engine, 30) == 1
    with reading(engine).connect() as connection:
        found = connection.execute(select(deliveryparts.c.guid).distinct())
        assert [guid for (guid,) in found] == ["young"]


def test_many_are_dropped_a_batch_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 4)
    for number in range(10):
        keep(engine, f"old {number}", APPLIED, 31)
    keep(engine, "today", APPLIED, 0)
    assert [retention.drop(engine, 30) for _ in range(4)] == [4, 4, 2, 0]
    with reading(engine).connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1
