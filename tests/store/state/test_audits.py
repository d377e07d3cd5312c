"""Verdicts are kept with their time, the newest first, and not for ever."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine

from engines import reading
from schema.tables.audits import audits as table
from store.state import audits
from store.state.audits import StoredVerdict

NOON = datetime(2026, 3, 2, 12)
FINDING = {"kind": "run", "name": "17", "why": "not störed", "missing": True}


def row(days: int, door: str = "command", missing: int = 0) -> StoredVerdict:
    time = NOON + timedelta(days=days)
    return StoredVerdict(7, time, door, NOON, time, 9, 9 - missing, missing, [FINDING] * missing)


def test_latest_verdict_is_read_as_it_was_kept(engine: Engine):
    for one in (row(1), row(2, missing=1), row(0)):
        audits.record(engine, one)
    with reading(engine).connect() as connection:
        assert audits.latest(connection, 7) == row(2, missing=1)
        assert audits.latest(connection, 8) is None


def test_old_verdicts_are_dropped_and_usual_ones_sooner(engine: Engine):
    kept = [row(40, "reconciler", 1), row(41), row(95, "reconciler")]
    for one in (
        row(0),
        row(40, "reconciler")._replace(audittime=NOON + timedelta(39)),
        *kept,
        row(100),
    ):
        audits.record(engine, one)
    with engine.connect() as connection:
        found = connection.scalars(sa.select(table.c.audittime).order_by(table.c.Id)).all()
    assert found == [one.audittime for one in (*kept, row(100))]


def test_findings_beyond_the_limit_are_counted_and_not_listed(engine: Engine):
    audits.record(engine, row(0)._replace(missing=5000, findings=[FINDING] * 5000))
    with reading(engine).connect() as connection:
        found = audits.latest(connection, 7)
    assert found is not None
    assert (found.missing, len(found.findings)) == (5000, 1000)
