"""Times of a clock that was wrong hold no reading up."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from backfill.github import delivery_log, windows
from backfill.pipeline.due_items import DueItem, DueItems
from backfill.records import Webhook
from engines import connect
from store.deliveries.table import now
from store.state import audits, notes
from store.state.audits import StoredVerdict

HOOK = Webhook(7, "/repos/octo-org/app/hooks/7")
DAYS_40 = timedelta(days=40)


@pytest.fixture
def engine(store_url: str) -> Any:
    made = connect(store_url)
    yield made
    made.dispose()


def test_window_reaches_no_further_than_a_day_ahead():
    listed = {"total_count": 1, "workflow_runs": [{"created_at": "2090-01-01T00:00:00Z"}]}
    time = windows.read_newest_time(listed)
    assert time is not None
    assert timedelta(hours=23) < time - now() <= timedelta(days=1)


def test_log_is_read_though_its_newest_delivery_is_of_another_century(engine: Engine):
    context: Any = SimpleNamespace(engine=engine)
    noon, kept = datetime(2026, 3, 2, 12), timedelta(days=30)
    for newest, since in (
        ("2026-03-02T11:00:00", datetime(2026, 3, 2, 10, 50)),
        ("2090-01-01T00:00:00", noon - delivery_log.KEPT),
    ):
        with engine.begin() as connection:
            notes.put(connection, "hook 7", delivery_log.MARK, newest)
        assert delivery_log.horizon_of(context, HOOK, noon, kept) == since


@pytest.mark.parametrize(("ahead", "is_due"), [(timedelta(hours=5), False), (DAYS_40, True)])
def test_item_that_is_due_later_than_it_can_be_is_asked_for(
    engine: Engine, ahead: timedelta, is_due: bool
):
    items = DueItems(engine)
    items.put(("7", "a run"), DueItem(3, now() + ahead, "GitHub answers 502"))
    assert items.is_due(7, "a run") is is_due


def verdict(time: datetime, missing: int = 0) -> StoredVerdict:
    return StoredVerdict(7, time, audits.RECONCILER, time - DAYS_40, time, 9, 9, missing, [])


def test_verdict_of_a_clock_that_was_ahead_is_not_the_latest_and_drops_none(engine: Engine):
    today = now().replace(microsecond=0)
    earlier = verdict(today - timedelta(hours=1), missing=1)
    audits.record(engine, earlier)
    audits.record(engine, verdict(today + DAYS_40 * 3))
    with engine.connect() as connection:
        assert audits.latest(connection, 7) == earlier
    audits.record(engine, verdict(today))
    with engine.connect() as connection:
        assert audits.latest(connection, 7) == verdict(today)
