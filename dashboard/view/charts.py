"""Pure: figures -> what a template draws as SVG.

Across, everything is a share of the width in percent, so that a chart fits any screen and its
letters keep their size; down, it is pixels.
"""

import itertools
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from dashboard.view import axes, formats

HEIGHT = 190
SMALL = 22
LABELS = 8
FEWEST = 20
"""Bars that a history has room for at least: few are not drawn fat."""
NICE = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10)


class Point(NamedTuple):
    """A day or an hour: its label below the chart, and its name in full."""

    label: str
    name: str


class Shape(NamedTuple):
    """All bars, lines or dots of a tone as the `d` of one path: x in percent, y in pixels.

    https://www.w3.org/TR/SVG2/paths.html#PathData
    """

    tone: str
    path: str


class Tick(NamedTuple):
    """A label and where it stands; `minor` ones go first where there is no room."""

    at: float
    label: str
    minor: bool = False


class Column(NamedTuple):
    """A day's share of the width, and what it says when it is pointed at."""

    x: float
    width: float
    text: str
    url: str = ""


class Chart(NamedTuple):
    """All that is drawn."""

    height: int
    bars: tuple[Shape, ...]
    lines: tuple[Shape, ...]
    dots: tuple[Shape, ...]
    down: tuple[Tick, ...]
    across: tuple[Tick, ...]
    columns: tuple[Column, ...]
    is_log: bool = False


def day_points(days: Sequence[date]) -> list[Point]:
    """Return days as a chart's points."""
    return [Point(f"{day.day} {day:%b}", formats.night(day)) for day in days]


def hour_points(hours: Sequence[datetime]) -> list[Point]:
    """Return hours, each by its begin, as a chart's points."""
    return [Point(f"{hour:%H:%M}", f"{formats.night(hour)} {hour:%H:%M}") for hour in hours]


def draw_bars(
    points: Sequence[Point],
    series: Mapping[str, Sequence[int]],
    names: Mapping[str, str],
    nothing: str,
) -> Chart:
    """Return a bar for each point, of the tones in `series`, called by `names`, on each other."""
    places = range(len(points))
    totals = [sum(values[place] for values in series.values()) for place in places]
    top = round_up(max(totals, default=0))
    width = 100 / max(len(points), 1)
    floors = [float(HEIGHT)] * len(points)
    bars = []
    for tone, values in series.items():
        path = ""
        for place in places:
            if values[place]:
                height = values[place] / top * HEIGHT
                floors[place] -= height
                left, wide = place * width + width * 0.14, width * 0.72
                path += f"M{left:.3f} {floors[place]:.2f}h{wide:.3f}v{height:.2f}h-{wide:.3f}z"
        bars.append(Shape(tone, path))
    texts = [
        ", ".join(
            f"{values[place]} {names[tone]}" for tone, values in series.items() if values[place]
        )
        for place in places
    ]
    down = [Tick(HEIGHT - share * HEIGHT, formats.number(top * share)) for share in (0, 0.5, 1)]
    columns = list_columns(points, texts, nothing)
    return Chart(HEIGHT, tuple(bars), (), (), tuple(down), list_labels(points), columns)


def draw_lines(points: Sequence[Point], series: Mapping[str, Sequence[float | None]]) -> Chart:
    """Return a line for each series of seconds, on an axis that fits them; None is a gap."""
    known = [value for values in series.values() for value in values if value is not None]
    axis = axes.span_axis(known)

    def down(seconds: float) -> float:
        return HEIGHT - axis.share(seconds) * HEIGHT

    width = 100 / max(len(points), 1)
    lines, dots = [], []
    for tone, values in series.items():
        line = dot = ""
        last: float | None = None
        for place, value in enumerate(values):
            if value is not None:
                at = f"{place * width + width / 2:.3f} {down(value):.2f}"
                line += f"{'M' if last is None else 'L'}{at}"
                dot += f"M{at}h0"
            last = value
        lines.append(Shape(tone, line))
        dots.append(Shape(tone, dot))
    texts = [
        ", ".join(
            f"{name} {formats.span(values[place])}"
            for name, values in series.items()
            if values[place] is not None
        )
        for place in range(len(points))
    ]
    ticks_down = tuple(Tick(down(tick), formats.span(tick)) for tick in axis.ticks)
    columns = list_columns(points, texts, "no jobs")
    labels = list_labels(points)
    return Chart(
        HEIGHT, (), tuple(lines), tuple(dots), ticks_down, labels, columns, axis.is_log
    )  # fmt: skip


def draw_history(points: Sequence[tuple[Point, str, float | None, str]]) -> Chart:
    """Return a bar for each run or job from the oldest: its point, tone, seconds and page."""
    axis = axes.span_axis([seconds or 0 for _, _, seconds, _ in points], linear=True)
    width = 100 / max(len(points), FEWEST)
    paths: dict[str, str] = {}
    for place, (_, tone, seconds, _) in enumerate(points):
        height = max(axis.share(seconds or 0) * HEIGHT, 2)
        left, wide = place * width + width * 0.14, width * 0.72
        bar = f"M{left:.3f} {HEIGHT - height:.2f}h{wide:.3f}v{height:.2f}h-{wide:.3f}z"
        paths[tone] = paths.get(tone, "") + bar
    down = tuple(
        Tick(HEIGHT - axis.share(tick) * HEIGHT, formats.span(tick)) for tick in axis.ticks
    )
    columns = tuple(
        Column(place * width, width, f"{point.name}: {formats.span(seconds)}", url)
        for place, (point, _, seconds, url) in enumerate(points)
    )
    bars = tuple(Shape(tone, path) for tone, path in paths.items())
    labels = list_labels([point for point, *_ in points], FEWEST)
    return Chart(HEIGHT, bars, (), (), down, labels, columns)


def list_columns(points: Sequence[Point], texts: Sequence[str], nothing: str) -> tuple[Column, ...]:
    """Return the points as columns that tell their figures."""
    width = 100 / max(len(points), 1)
    return tuple(
        Column(place * width, width, f"{point.name}: {text or nothing}")
        for place, (point, text) in enumerate(zip(points, texts, strict=True))
    )


def list_labels(points: Sequence[Point], fewest: int = 1) -> tuple[Tick, ...]:
    """Return the labels to write below a chart, the last always; every other one is minor."""
    width = 100 / max(len(points), fewest)
    step = max(1, math.ceil(len(points) / LABELS))
    chosen = range(len(points) - 1, -1, -step)
    return tuple(
        Tick(place * width + width / 2, points[place].label, bool(number % 2))
        for number, place in enumerate(chosen)
    )


def round_up(most: float) -> float:
    """Return the next number that is not below and easy to read, as its half is."""
    if most < 10:
        return max(2, math.ceil(most / 2) * 2)
    size: float = 10 ** math.floor(math.log10(most))
    return next(size * step for step in NICE if size * step >= most)


def percentiles(counts: Mapping[float, int], shares: Iterable[float]) -> list[float | None]:
    """Return nearest-rank percentiles of counted values, None of nothing."""
    values = sorted(counts)
    if not values:
        return [None for _ in shares]
    seen = list(itertools.accumulate(counts[value] for value in values))
    return [values[bisect_left(seen, math.ceil(share * seen[-1]))] for share in shares]


def draw_small_bars(counts: Sequence[int]) -> str:
    """Return a bar for each count as the `d` of a path, SMALL high and one wide for each."""
    top = max([*counts, 1])
    return "".join(
        f"M{place + 0.12:.2f} {SMALL}h.76v-{max(count / top * SMALL, 1):.1f}h-.76z"
        for place, count in enumerate(counts)
        if count
    )
