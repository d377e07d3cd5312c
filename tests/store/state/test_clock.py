"""The clock is trusted while time goes on as clocks do, and a day after it leapt."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from engines import reading
from store.deliveries.table import APPLIED, Delivery, save_all
from store.state import clock, notes

NOON = datetime(2026, 3, 2, 12)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Looks:
    """Looks at the clock of a store, each when it shows a time."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = engine
        self.shows = NOON
        for module in (clock, notes):
            monkeypatch.setattr(module, "database_time", lambda _: self.shows)

    def at(self, time: datetime) -> bool:
        """Tell whether the clock is trusted that shows a time."""
        self.shows = time
        return clock.trusted_time(self.engine) is not None

    def leaps(self) -> list[datetime]:
        """Return when the clock leapt, as it was noted."""
        with reading(self.engine).connect() as connection:
            return [time for _, time in clock.judge(connection, self.shows).leaps]


@pytest.fixture
def looks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(engine, monkeypatch)


def keep(engine: Engine, received: datetime) -> None:
    delivery = Delivery("github", f"{received}", 7, "push", None, None, received, b"{}")
    with engine.begin() as connection:
        save_all(connection, [(delivery, APPLIED, None)])


def test_clock_of_an_empty_store_is_trusted(looks: Looks):
    assert looks.at(NOON)
    assert looks.at(NOON + DAY)
    assert looks.leaps() == []


@pytest.mark.parametrize("ahead", [40 * DAY, -40 * DAY, DAY + MINUTE, NOON - datetime(1970, 1, 1)])
def test_clock_that_leapt_is_trusted_after_a_day(looks: Looks, ahead: timedelta):
    assert looks.at(NOON)
    leapt = NOON + ahead
    assert not looks.at(leapt)
    assert not looks.at(leapt + 23 * HOUR)
    assert looks.at(leapt + DAY)
    assert looks.leaps() == [leapt]


def test_clock_that_leaps_back_at_once_is_trusted_after_a_day(looks: Looks):
    assert looks.at(NOON)
    assert not looks.at(NOON + 40 * DAY)
    assert not looks.at(NOON + MINUTE)
    assert not looks.at(NOON + 12 * HOUR)
    assert looks.at(NOON + DAY + MINUTE)


@pytest.mark.parametrize("hour", [HOUR, -HOUR])
def test_hour_is_no_leap(looks: Looks, hour: timedelta):
    assert looks.at(NOON)
    looks.at(NOON + hour)
    assert looks.at(NOON + hour + HOUR)
    assert looks.leaps() == []


@pytest.mark.parametrize("time", [NOON - 2 * DAY, NOON + 2 * DAY])
def test_first_look_at_a_store_is_not_trusted_where_its_last_delivery_says_otherwise(
    looks: Looks, engine: Engine, time: datetime
):
    keep(engine, time)
    assert not looks.at(NOON)
    assert looks.at(NOON + DAY)


def test_first_look_at_a_store_is_trusted_where_its_last_delivery_agrees(
    looks: Looks, engine: Engine
):
    keep(engine, NOON - 50 * DAY)
    keep(engine, NOON - HOUR)
    assert looks.at(NOON)


def test_leap_is_noted_with_the_last_delivery_before_it(looks: Looks, engine: Engine):
    assert looks.at(NOON)
    keep(engine, NOON)
    looks.at(NOON + 40 * DAY)
    keep(engine, NOON + 40 * DAY)
    trusted = NOON + 41 * DAY
    looks.at(trusted)
    found = clock.trusted_time(engine)
    assert found is not None
    ((number, time),) = found.leaps
    with reading(engine).connect() as connection:
        first = connection.exec_driver_sql("SELECT MIN(Id) FROM deliveries").scalar()
    assert (number, time) == (first, NOON + 40 * DAY)
