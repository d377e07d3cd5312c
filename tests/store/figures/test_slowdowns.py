"""What became slower is found, and a month without change has nothing to say: generated data."""

import random
import statistics

import pytest

from store.figures.job_ends import JobPlaces
from store.figures.job_medians import add_up_medians, list_series
from store.figures.slowdowns import (
    WINDOWS,
    Slowdown,
    Window,
    find_slowdown,
    list_slowdowns,
    wait_series,
)
from store.rollups import histogram
from store.rollups.figures import DayFigures

DAYS = 35
BEFORE = 316.0
"""Seconds that checkout-api's tests took; 506 after the change of twelve days ago."""


def days_of(
    chance: random.Random, usual: float, since: int = DAYS, growth: float = 1.0
) -> list[float | None]:
    """Return daily medians of 5 to 20 jobs that scatter by a third, longer from a day on."""
    return [
        statistics.median(
            usual * (growth if day >= since else 1) * chance.lognormvariate(0, 0.3)
            for _ in range(chance.randint(5, 20))
        )
        for day in range(DAYS)
    ]


def test_a_job_that_got_sixty_percent_slower_twelve_days_ago_is_found():
    for seed in range(50):
        slower = find_slowdown(("job",), days_of(random.Random(seed), BEFORE, DAYS - 12, 1.6))
        assert slower is not None, seed
        assert 1.4 < slower.growth < 1.8


@pytest.mark.parametrize("ago", [7, 10, 14])
def test_a_queue_that_became_five_times_as_long_is_found(ago: int):
    for seed in range(50):
        slower = find_slowdown(("pool",), days_of(random.Random(seed), 60, DAYS - ago, 5))
        assert slower is not None, seed
        assert 4 < slower.growth < 6


def test_a_month_without_change_is_quiet():
    chance = random.Random(16)
    series = {(str(number),): days_of(chance, BEFORE) for number in range(500)}
    assert list_slowdowns(series) == []


def test_one_bad_day_is_no_change():
    days = days_of(random.Random(1), BEFORE)
    assert find_slowdown(("job",), [*days[:-2], 4000.0, days[-1]]) is None


def test_seconds_and_few_days_say_nothing():
    assert find_slowdown(("short",), [4.0] * 28 + [8.0] * 7) is None
    assert find_slowdown(("new",), [None] * 30 + [100.0] * 5) is None
    assert find_slowdown(("rare",), [100.0] * 28 + [None] * 5 + [900.0] * 2) is None


def test_faster_is_not_slower():
    assert find_slowdown(("job",), days_of(random.Random(2), BEFORE, DAYS - 7, 0.4)) is None


def test_series_are_daily_medians_by_job_and_by_pool():
    waits = histogram.as_text({10: 3, 20: 1})
    days = [
        DayFigures(
            medians={"flow": {"test": 60.0}},
            pools=[["a", "Linux", 4, 4, 0, 1.0, 1, 1, waits]],
        ),
        DayFigures(medians={"flow": {"lint": 3.0}}),
    ]
    series = {("flow", "test"): [60.0, None], ("flow", "lint"): [None, 3.0]}
    medians = [day.medians for day in days]
    places = JobPlaces()
    assert list_series([add_up_medians(medians, places)]) == series
    assert list_series([add_up_medians([day], places) for day in medians]) == series
    assert list_series([add_up_medians(medians, places), add_up_medians([{}], places)]) == {
        key: [*own, None] for key, own in series.items()
    }
    assert wait_series(days) == {("a", "Linux"): [10, None]}


def test_change_is_what_the_statistics_say():
    """Each step of a comparison by the library's functions, however little differs."""
    rng = random.Random(3)
    for _ in range(3000):
        days = [rng.choice((None, round(rng.gauss(60, 9), 3))) for _ in range(rng.randint(14, 50))]
        rise = rng.choice((0, 9, 10, 11, 12, 13, 30))
        days[-14:] = [value and value + rise for value in days[-14:]]
        assert find_slowdown(("job",), days) == next(
            filter(None, (compared(days, window) for window in WINDOWS)), None
        )


def compared(days: list[float | None], window: Window) -> Slowdown | None:
    past = sorted(value for value in days[: -window.days] if value is not None)
    last = [value for value in days[-window.days :] if value is not None]
    if len(past) < 7 or len(last) < window.days * 0.7:
        return None
    before, now = statistics.median(past), statistics.median(last)
    scatter = 1.4826 * statistics.median(abs(value - before) for value in past)
    growth = max(10.0, before * (1.2 - 1), scatter * window.deviations)
    if now <= before + growth:
        return None
    if sum(value > past[int(len(past) * 0.85)] for value in last) < len(last) * window.share:
        return None
    return Slowdown(("job",), before, now, tuple(days))
