"""Times of GitLab in all of their forms, cut to seconds."""

from datetime import datetime

import pytest

from rows import Unmappable, fields
from rows.gitlab import clock


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2021-10-07 08:18:36 UTC", datetime(2021, 10, 7, 8, 18, 36)),
        ("2026-07-28 15:09:25 -0700", datetime(2026, 7, 28, 22, 9, 25)),
        ("2021-02-23T02:41:37.886Z", datetime(2021, 2, 23, 2, 41, 37)),
        ("2021-02-23T02:41:37Z", datetime(2021, 2, 23, 2, 41, 37)),
        ("2012-01-03T23:36:29+02:00", datetime(2012, 1, 3, 21, 36, 29)),
        ("2021-04-28 21:50:00 +0200", datetime(2021, 4, 28, 19, 50)),
        ("2023-01-10T01:02:03.999-08:00", datetime(2023, 1, 10, 9, 2, 3)),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_time_of_each_form_is_read_and_cut_to_seconds(text: str | None, time: datetime | None):
    assert clock.moment({"created_at": text}, "created_at", "job") == time


@pytest.mark.parametrize("odd", [1633594716, True, "yesterday", "", " UTC", [], {}])
def test_time_of_another_type_is_named(odd: object):
    with pytest.raises(Unmappable, match=r"job\.created_at: wants a time"):
        fields.strict(clock.moment, {"created_at": odd}, "created_at", "job")


@pytest.mark.parametrize(
    ("value", "seconds"), [(17, 17.0), (17.00049, 17.0), (0, 0.0), (None, None)]
)
def test_span_is_rounded_to_milliseconds(value: object, seconds: float | None):
    assert clock.span({"duration": value}, "duration", "job") == seconds


@pytest.mark.parametrize("odd", ["17", True, -1, float("inf"), 2**40])
def test_span_that_is_none_is_named(odd: object):
    with pytest.raises(Unmappable, match=r"job\.duration: wants seconds"):
        fields.strict(clock.span, {"duration": odd}, "duration", "job")
