"""Loads whose process was killed are ended, old ones dropped, and nobody miscounts for it."""

from datetime import datetime, timedelta

import orjson
import pytest
from sqlalchemy import Engine, insert, select

from engines.lease import Lease, own_name, take
from engines.transaction import transact
from schema.tables.packages import feedstates, load_history
from schema.tables.reconciler import leases
from store.feeds import past_loads
from store.feeds.daily import follow_day
from store.feeds.load_history import list_feeds, list_loads
from store.state import health

NOON = datetime(2026, 11, 20, 12)


def put_loads(engine: Engine, feed: str, states: list[str], first: int = 0, **more) -> None:
    """Have loads of a feed, one an hour."""
    rows = [
        {"feed": feed, "starttime": NOON + timedelta(hours=at), "state": state, "gone": 0, **more}
        for at, state in enumerate(states, first)
    ]
    with engine.begin() as connection:
        connection.execute(insert(load_history), rows)


def numbers(engine: Engine, feed: str) -> list[int]:
    """Return the hours of the loads of a feed that are there."""
    c = load_history.c
    with engine.connect() as connection:
        times = connection.scalars(select(c.starttime).where(c.feed == feed).order_by(c.Id))
        return [(time - NOON) // timedelta(hours=1) for time in times]


def test_load_of_a_killed_process_is_failed_by_health_and_counts(engine: Engine):
    put_loads(engine, "killed", ["done", "running"])
    put_loads(engine, "alive", ["running"])
    assert take(Lease(engine, leases, "feed:alive", own_name()), 60)
    with engine.connect() as connection:
        before = {feed.last.feed: feed.last for feed in list_feeds(connection)}
        states = [load.state for load in list_loads(connection, 3).loads]
    assert (before["killed"].state, before["killed"].error) == ("failed", "was killed")
    assert (before["alive"].state, states) == ("running", ["running", "failed", "done"])
    follow_day(engine)
    with engine.connect() as connection:
        feeds = {feed.last.feed: feed for feed in list_feeds(connection)}
        said = {row.name: (row.state, row.detail) for row in health.rows(connection)}
    assert (feeds["alive"].last.state, feeds["alive"].failures) == ("running", 0)
    killed = feeds["killed"]
    assert (killed.last.state, killed.last.error, killed.failures) == ("failed", "was killed", 1)
    began = "began 2026-11-20 13:00 UTC and never ended: its process was killed"
    assert said == {"feed:killed": (health.BAD, began)}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_old_loads_are_dropped_but_count_and_the_last_good_one_stays(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(past_loads, "KEPT", 3)
    put_loads(engine, "shop", ["failed", "done", *["failed"] * 5], changed=0)
    put_loads(engine, "stall", ["failed"] * 3, changed=0)
    assert transact(engine, past_loads.drop_old) == 3
    assert (numbers(engine, "shop"), numbers(engine, "stall")) == ([1, 4, 5, 6], [0, 1, 2])
    put_loads(engine, "shop", ["failed"] * 2, 7, changed=0)
    assert transact(engine, past_loads.drop_old) == 2
    with engine.connect() as connection:
        assert [(feed.last.feed, feed.failures) for feed in list_feeds(connection)] == [
            ("shop", 8),
            ("stall", 3),
        ]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("feed", "load", "manager", "changed", "is_kept"),
    [
        ("shop", 1, None, 0, True),
        ("shop", 1, None, 5, False),
        ("shop", 1, None, None, False),
        ("shop", 8, None, 5, True),
        ("stall", 1, None, 5, True),
        ("stall", 1, 7, 5, False),
    ],
)
def test_what_a_load_brought_is_forgotten_with_the_loads_that_wrote_over_it(
    engine: Engine, monkeypatch, feed: str, load: int, manager: int | None, changed, is_kept: bool
):
    monkeypatch.setattr(past_loads, "KEPT", 3)
    put_loads(engine, "stall", ["done"], changed=5, package_manager_id=manager)
    put_loads(engine, "shop", ["done"] * 8, changed=changed, package_manager_id=7)
    c = load_history.c
    with engine.begin() as connection:
        own = connection.scalars(select(c.Id).where(c.feed == feed).order_by(c.Id)).all()
        brought = orjson.dumps([own[load - 1], "", [], 0, ""]).decode()
        row = {"feed": feed, "state": "{}", "brought": brought}
        connection.execute(insert(feedstates), [row])
    transact(engine, past_loads.drop_old)
    with engine.connect() as connection:
        assert (connection.scalar(select(feedstates.c.brought)) is not None) == is_kept
