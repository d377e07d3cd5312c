"""Which night a run belongs to, at the borders of nights, days and zones."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import Calendar, days, shown_nights

UTC_NOON = Calendar(ZoneInfo("UTC"), time(12))
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), time(7, 30))


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        (datetime(2026, 3, 9, 12), date(2026, 3, 10)),
        (datetime(2026, 3, 10, 3), date(2026, 3, 10)),
        (datetime(2026, 3, 10, 11, 59, 59, 999999), date(2026, 3, 10)),
        (datetime(2026, 3, 10, 12), date(2026, 3, 11)),
        (datetime(2026, 12, 31, 18), date(2027, 1, 1)),
    ],
)
def test_run_belongs_to_the_night_that_ends_next(moment: datetime, night: date):
    assert UTC_NOON.night(moment) == night


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        (datetime(2026, 3, 10, 6, 29, 59), date(2026, 3, 10)),  # 07:29:59 in winter
        (datetime(2026, 3, 10, 6, 30), date(2026, 3, 11)),
        (datetime(2026, 3, 29, 5, 29, 59), date(2026, 3, 29)),  # 07:29:59 on the first summer day
        (datetime(2026, 3, 29, 5, 30), date(2026, 3, 30)),
    ],
)
def test_night_ends_by_the_zone_s_clock_on_both_sides_of_summer_time(moment: datetime, night: date):
    assert BERLIN.night(moment) == night


def test_night_that_ends_at_midnight_is_the_day_before_it():
    midnight = Calendar(ZoneInfo("Asia/Kathmandu"), time())  # UTC+05:45
    assert midnight.night(datetime(2026, 3, 9, 18, 14, 59)) == date(2026, 3, 10)
    assert midnight.night(datetime(2026, 3, 9, 18, 15)) == date(2026, 3, 11)


def test_night_with_the_change_to_summer_time_has_23_hours():
    begin, end = BERLIN.begin(date(2026, 3, 29)), BERLIN.end(date(2026, 3, 29))
    assert (begin, end) == (datetime(2026, 3, 28, 6, 30), datetime(2026, 3, 29, 5, 30))


def test_last_night_is_today_s_in_the_morning_and_all_day():
    morning = shown_nights(UTC_NOON, datetime(2026, 3, 10, 9), 3)
    assert morning == [date(2026, 3, 10), date(2026, 3, 9), date(2026, 3, 8)]
    evening = shown_nights(UTC_NOON, datetime(2026, 3, 10, 20), 2)
    assert evening == [date(2026, 3, 11), date(2026, 3, 10), date(2026, 3, 9)]


ZONES = ("UTC", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")


@given(
    st.datetimes(datetime(2011, 12, 1), datetime(2030, 1, 1)),
    st.sampled_from(ZONES),
    st.times().map(lambda found: found.replace(second=0, microsecond=0, fold=0)),
)
def test_every_moment_is_between_the_begin_and_the_end_of_its_night(
    moment: datetime, zone: str, ends: time
):
    calendar = Calendar(ZoneInfo(zone), ends)
    night = calendar.night(moment)
    assert calendar.begin(night) <= moment < calendar.end(night)


def test_days_have_a_border_more_than_there_are():
    borders = BERLIN.borders(date(2026, 3, 28), date(2026, 3, 29))
    assert borders == (
        datetime(2026, 3, 27, 23),
        datetime(2026, 3, 28, 23),
        datetime(2026, 3, 29, 22),
    )
    assert borders[2] - borders[1] == timedelta(hours=23)
    assert days(date(2026, 2, 28), date(2026, 3, 1)) == [date(2026, 2, 28), date(2026, 3, 1)]
