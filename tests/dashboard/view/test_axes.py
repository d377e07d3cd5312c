"""Axes of spans: round ticks, and no scale that hides a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.view.axes import span_axis, span_ticks


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (1, (0, 1)),
        (7, (0, 2, 4, 6, 8)),
        (40, (0, 10, 20, 30, 40)),
        (61, (0, 15, 30, 45, 60, 75)),
        (2304, (0, 600, 1200, 1800, 2400)),  # was 9 min 36 s, 19 min 12 s, ...
        (90_000, (0, 21_600, 43_200, 64_800, 86_400, 108_000)),
    ],
)
def test_ticks_are_spans_that_people_count_in(most: float, ticks: tuple[float, ...]):
    assert span_ticks(most) == ticks


def test_a_change_of_sixty_percent_is_seen_beside_long_jobs():
    axis = span_axis([316, 506, 3600])
    assert axis.is_log
    assert axis.share(506) - axis.share(316) > 0.15


@given(st.lists(st.floats(0, 10**8), max_size=9))
def test_every_value_has_its_place_in_order(values: list[float]):
    axis = span_axis(values)
    places = [axis.share(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    assert 2 <= len(axis.ticks) <= 8
