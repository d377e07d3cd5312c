"""Pure: axes of spans of time that fit what is drawn, with ticks that people count in."""

import math
from collections.abc import Sequence
from typing import NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * one for one in (1, 2, 5, 10, 15, 30)),
    *(HOUR * one for one in (1, 2, 3, 6, 12)),
    *(DAY * one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
"""Seconds between two ticks."""
PARTS = 5
WIDE = 8
"""Times from the least to the greatest value at which an axis becomes logarithmic."""


class SpanAxis(NamedTuple):
    """Seconds from `low` to `high`, logarithmic where they are far apart."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def share(self, seconds: float) -> float:
        """Return where a span stands: 0 at the begin, 1 at the end."""
        if not self.is_log:
            return min(seconds / self.high, 1.0)
        value = math.log(max(seconds, self.low) / self.low)
        return min(value / math.log(self.high / self.low), 1.0)


def span_ticks(most: float) -> tuple[float, ...]:
    """Return round spans from 0 to the first that is not below `most`."""
    step = next((one for one in STEPS if one * PARTS >= most), STEPS[-1])
    return tuple(float(step * number) for number in range(math.ceil(most / step) + 1))


def span_axis(values: Sequence[float], *, linear: bool = False) -> SpanAxis:
    """Return an axis on which the values are as far apart as they can be."""
    most, known = max([*values, 1.0]), [value for value in values if value >= 1]
    least = min(known, default=1.0)
    if linear or most / least < WIDE:
        ticks = span_ticks(most)
        return SpanAxis(0.0, max(ticks[-1], 1.0), ticks)
    low = max((one for one in STEPS if one <= least), default=1)
    high = next((one for one in STEPS if one >= most), math.ceil(most))
    between = [one for one in STEPS if low <= one < high]
    every = max(1, math.ceil(len(between) / PARTS))
    return SpanAxis(float(low), float(high), tuple(map(float, (*between[::every], high))), True)
