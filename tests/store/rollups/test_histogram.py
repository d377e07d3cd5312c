"""Spans on a fixed logarithmic scale: every bucket stands for what is at most 5% away."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from store.rollups import histogram

SECONDS = st.integers(0, 10**8)


@given(SECONDS)
def test_middle_of_a_bucket_is_within_5_percent(seconds: int):
    assert math.isclose(
        histogram.middle(histogram.bucket(seconds)), seconds, rel_tol=0.05, abs_tol=0
    )


@given(SECONDS, SECONDS)
def test_longer_span_is_in_no_lower_bucket(one: int, other: int):
    assert (one <= other) <= (histogram.bucket(one) <= histogram.bucket(other))


@given(st.integers(0, 400))
def test_bucket_begins_with_itself(number: int):
    assert histogram.bucket(histogram.begin(number)) == number


def test_short_spans_are_exact():
    middles = [histogram.middle(histogram.bucket(seconds)) for seconds in range(25)]
    assert middles == list(range(25))


@given(st.lists(st.tuples(SECONDS, st.integers(1, 9))))
def test_stored_histogram_is_read_as_it_was(spans: list[tuple[int, int]]):
    buckets = Counter[int]()
    for seconds, times in spans:
        buckets[histogram.bucket(seconds)] += times
    assert histogram.from_text(histogram.as_text(buckets)) == buckets


def test_nothing_is_an_empty_text():
    assert histogram.as_text(Counter()) == ""
    assert histogram.from_text(None) == Counter()
