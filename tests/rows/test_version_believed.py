"""Times that order records, and what orders them where a server's clock is not believed."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rows import version
from tests.rows.test_version import DONE, NOON, OPEN, STATE, ascending


def test_end_of_an_attempt_wins_over_every_time():
    assert ascending(
        version.run("runattempts", 1, datetime.max, *OPEN, STATE),
        version.run("runattempts", 1, None, *DONE, STATE),
        version.run("runattempts", 1, NOON, *DONE, STATE),
        version.run("runattempts", 2, None, *OPEN, STATE),
    )


@given(time=st.datetimes(), ahead=st.timedeltas())
def test_time_orders_while_it_is_a_day_ahead_of_its_reception(time: datetime, ahead: timedelta):
    try:
        received = time - ahead
    except OverflowError:
        return
    is_believed = ahead <= timedelta(days=1)
    assert version.believed(time, received) == (time if is_believed else None)
    assert version.believed(time, received, NOON) == (time if is_believed else NOON)
    assert version.believed(time, None, NOON) == time
    assert version.believed(None, received, NOON) is None
