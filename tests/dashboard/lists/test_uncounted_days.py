"""Health and metrics where days have no roll-up: what is counted, and that the rest is told."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from config.calendar import Calendar
from schema.tables.rollups import rollspans
from store.reads import freshness
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.store.rollups.making import make_all

UTC = RollupPlan(Calendar(ZoneInfo("UTC"), datetime(2026, 1, 1, 12).time()))


def test_freshness_is_the_same_whichever_days_have_a_roll_up(client: FlaskClient, engine: Engine):
    repoids = [stored.repo(engine, f"octo-org/{name}") for name in ("one", "two", "three")]
    for number in range(60):
        ended = {"status": "queued", "conclusion": None} if number % 7 == 3 else {}
        time = NOW - timedelta(hours=20 * number)
        stored.run(engine, repoids[number * number % 3 % 2], time, **ended)
    live = text_of(client, "/health.csv")
    make_all(engine, UTC, NOW)
    with engine.connect() as connection:
        begins = connection.scalars(select(rollspans.c.begintime).where(rollspans.c.kind == "day"))
        days = sorted(begins)
    assert len(days) > 48
    for chance in map(random.Random, range(4)):
        gone = chance.sample(days, 6)  # of which rows of roll-ups stay, of rules that are no more
        with engine.begin() as connection:
            made = update(rollspans).where(rollspans.c.begintime.in_(gone))
            connection.execute(made.values(rules="1"))
        assert text_of(client, "/health.csv") == live


def test_few_runs_without_a_roll_up_are_counted_and_the_days_of_others_told(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    old, new = stored.repo(engine, "octo-org/old"), stored.repo(engine, "octo-org/new")
    for days in (30, 29, 9, 8):
        stored.run(engine, old, NOW - timedelta(days=days))
    for days in (8, 7, 1, 0):
        stored.run(engine, new, NOW - timedelta(days=days), status="queued", conclusion=None)
    told = "Not counted yet: the runs of"
    assert told not in text_of(client, "/health")
    assert "runledger_uncounted_spans 0" in text_of(client, "/metrics")
    monkeypatch.setattr(freshness, "LIVE", 3)
    assert f"{told} 23 days" in text_of(client, "/health")
    metrics = text_of(client, "/metrics")
    assert "runledger_uncounted_spans 23" in metrics
    assert 'runledger_open_runs{repo="octo-org/new"} 3' in metrics
    lines = [line.split(",")[1:4] for line in text_of(client, "/health.csv").splitlines()[1:]]
    assert lines == [
        ["octo-org/new", "3", f"{NOW:%Y-%m-%d %H:%M:%S}"],
        ["octo-org/old", "0", f"{NOW - timedelta(days=8):%Y-%m-%d %H:%M:%S}"],
    ]
    make_all(engine, UTC, NOW)
    assert told not in text_of(client, "/health")
    assert "octo-org/old,4," in text_of(client, "/health.csv")
