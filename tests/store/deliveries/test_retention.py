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
    keep(engine, "old", APPLIED, 30.1)
    keep(engine, "young", APPLIED, 29.9)
    keep(engine, "old note", IGNORED, 400)
    keep(engine, "old quarantine", QUARANTINED, 4000)
    assert retention.drop(engine, 30) == 2
    assert retention.drop(engine, 30) == 0
    assert left(engine) == {"young", "old quarantine"}


def test_parts_of_a_long_body_are_dropped_with_it(engine: Engine):
    keep(engine, "old", APPLIED, 31, os.urandom(900_000))
    keep(engine, "young", APPLIED, 1, os.urandom(900_000))
    assert retention.drop(engine, 30) == 1
    with reading(engine).connect() as connection:
        found = connection.execute(select(deliveryparts.c.guid).distinct())
        assert [guid for (guid,) in found] == ["young"]


def test_many_are_dropped_a_batch_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 4)
    for number in range(10):
        keep(engine, f"old {number}", APPLIED, 31)
    assert [retention.drop(engine, 30) for _ in range(4)] == [4, 4, 2, 0]
    with reading(engine).connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
