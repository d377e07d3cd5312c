"""Pure: medians of days -> what became slower, or waits longer, than its own past says.

The last seven days, and the last fourteen, are set against those before. A change counts when
the median of daily medians grew by a fifth and ten seconds at least, lies further above the past
than its days scatter (deviations of 1.4826 x MAD), and most of the days are above nearly all days
of the past: one bad day, and a job that takes now this and now that, say nothing.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf
from operator import is_not
from typing import Any, NamedTuple

from store.rollups import histogram
from store.rollups.figures import DayFigures

GROWTH, SECONDS = 1.2, 10.0
MAD_SIGMA = 1.4826
IS_KNOWN = partial(is_not, None)
HIGH = 0.85
"""The share of the past's days that those of a change are above."""
FEWEST_BEFORE, FEWEST_SHARE = 7, 0.7
"""Days of the past, and share of the recent ones, without which nothing is said."""


class Window(NamedTuple):
    """The last days: how far above the past, and how many of them, a change must be."""

    days: int
    deviations: float
    share: float


WINDOWS = (Window(7, 2.5, 0.85), Window(14, 1.5, 0.7))
RECENT = WINDOWS[0].days


class Slowdown(NamedTuple):
    """What takes longer: its key, seconds then and now, and its daily medians from the oldest."""

    key: tuple[str, ...]
    before: float
    now: float
    days: tuple[float | None, ...]

    @property
    def growth(self) -> float:
        """Now as a share of before: 1.6 is 60 % longer."""
        return self.now / max(self.before, 1.0)


def find_slowdown(key: tuple[str, ...], days: Sequence[float | None]) -> Slowdown | None:
    """Return how much longer the last days took than those before, None where that is no change."""
    return next(filter(None, (compare(key, days, window) for window in WINDOWS)), None)


def compare(key: tuple[str, ...], days: Sequence[float | None], window: Window) -> Slowdown | None:
    """Return how much longer the days of a window took."""
    past, last = order(days[: -window.days]), order(days[-window.days :])
    if len(past) < FEWEST_BEFORE or len(last) < window.days * FEWEST_SHARE:
        return None
    before, now = middle(past), middle(last)
    growth = least_growth(before)
    if now <= before + growth:  # as nearly all do: no more is asked of them
        return None
    scatter = MAD_SIGMA * statistics.median(abs(value - before) for value in past)
    growth = max(growth, scatter * window.deviations)
    high = past[int(len(past) * HIGH)]
    if now <= before + growth or sum(value > high for value in last) < len(last) * window.share:
        return None
    return Slowdown(key, before, now, tuple(days))


def least_growth(before: float) -> float:
    """Return the seconds by which a change grew at least."""
    return max(SECONDS, before * (GROWTH - 1))


class Bar(NamedTuple):
    """What the past asks of the last days of a change: of their median, and of most of them."""

    median: float
    high: float


def find_bar(past: Iterable[float | None]) -> Bar:
    """Return what the last days are above, if they took longer than the past."""
    known = order(past)
    if len(known) < FEWEST_BEFORE:
        return Bar(inf, inf)
    before = middle(known)
    return Bar(before + least_growth(before), known[int(len(known) * HIGH)])


def order(values: Iterable[float | None]) -> list[float]:
    """Return what is known of values, the least first."""
    known: Any = filter(IS_KNOWN, values)
    return sorted(known)


def middle(ordered: Sequence[float]) -> float:
    """Return the median of what is in order."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def list_slowdowns(
    series: Mapping[Any, Sequence[float | None]],
) -> list[Slowdown]:
    """Return those of the series that grew, by the most seconds first."""
    grown = (find_slowdown(key, days) for key, days in series.items())
    return sorted(filter(None, grown), key=lambda slower: (slower.before - slower.now, slower.key))


def wait_series(days: Sequence[DayFigures]) -> dict[tuple[str, ...], list[float | None]]:
    """Return the daily medians of waits, by pool and runner system."""
    series: dict[tuple[str, ...], list[float | None]] = defaultdict(lambda: [None] * len(days))
    for place, day in enumerate(days):
        for pool, system, *_, waits in day.pools:
            counts = histogram.from_text(waits)
            if counts:
                series[pool, system or ""][place] = middle_of(counts)
    return dict(series)


def middle_of(counts: Mapping[int, int]) -> float:
    """Return the median of a histogram."""
    half, seen = sum(counts.values()) / 2, 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= half:
            return histogram.middle(bucket)
    raise ValueError("a histogram without values has no median")
