"""Some days of `make growth`: nothing is beyond its bound, and a bound that is gone is noticed."""

import pytest

from schema.tables.columns import metadata
from tests.counts import count
from tests.growth import __main__ as growth
from tests.growth import year
from tests.growth.bounds import TABLES

DAYS = count(5, 60)


@pytest.fixture(autouse=True)
def _kept_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year, "KEPT", 1)


def test_every_table_has_a_bound():
    assert set(TABLES) == set(metadata.tables)


def test_days_stay_within_the_bounds():
    sizes, exceeded = growth.live("sqlite", DAYS, 1)
    assert exceeded == []
    assert sizes["workflowruns"] == DAYS


def test_deliveries_that_are_not_dropped_are_noticed():
    _, exceeded = growth.live("sqlite", 5, 1, "raw deliveries are kept")
    assert [line.split(":")[0] for line in exceeded] == ["deliveries"]
