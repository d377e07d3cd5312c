"""Times as people type them."""

from datetime import datetime

import pytest

from config.times import read_past_time, read_time

NOW = datetime(2026, 3, 2, 12, 0, 0)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-01-31", datetime(2026, 1, 31)),
        ("2026-01-31T12:30", datetime(2026, 1, 31, 12, 30)),
        ("2026-01-31T12:30:01Z", datetime(2026, 1, 31, 12, 30, 1)),
        ("2026-01-31T12:30+02:00", datetime(2026, 1, 31, 10, 30)),
        ("30d", datetime(2026, 1, 31, 12)),
        ("2w", datetime(2026, 2, 16, 12)),
        ("36h", datetime(2026, 3, 1, 0)),
        ("90m", datetime(2026, 3, 2, 10, 30)),
        ("5s", datetime(2026, 3, 2, 11, 59, 55)),
        ("1769817600", datetime(2026, 1, 31)),
        ("0", datetime(1970, 1, 1)),
    ],
)
def test_time_is_read_as_a_date_an_age_or_an_epoch(text: str, meant: datetime):
    assert read_time(text, NOW) == meant


@pytest.mark.parametrize(
    "text", ["", "yesterday", "30x", "-1d", "2026-02-30", "9999999d", "999999w", "9" * 12]
)
def test_what_is_no_time_is_refused_with_the_forms(text: str):
    with pytest.raises(ValueError, match="is not a date like"):
        read_time(text, NOW)


@pytest.mark.parametrize("text", ["2026-03-03", "2026-03-02T12:00:01Z", "9999999999"])
def test_time_in_the_future_is_refused_where_only_the_past_counts(text: str):
    with pytest.raises(ValueError, match="is in the future"):
        read_past_time(text, NOW)
    assert read_past_time("2026-03-02T12:00:00Z", NOW) == NOW
