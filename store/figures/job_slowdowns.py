"""Jobs that got slower, among many thousands: most are told by their last days alone.

What a job's past asks of its last days is kept for as long as no day of that past is made anew, and
so are the few jobs whose last days but the newest, which change all the time, may be what it asks.
"""

from typing import NamedTuple

from store.figures.job_ends import JobName
from store.figures.job_medians import (
    MedianBlock,
    cut_blocks,
    find_higher,
    list_series,
    read_series,
)
from store.figures.shown_days import ShownFigures
from store.figures.slowdowns import RECENT, WINDOWS, Slowdown, find_bar, list_slowdowns
from store.rollups.kept_spans import Block, Said, keep_value

OPEN = 2
"""The newest days."""
LINE = 20
"""About the characters of two bars that are kept."""


class JobBars(NamedTuple):
    """What the past asks of the last days of jobs: of their median, and of most of them."""

    medians: dict[JobName, float]
    highs: dict[JobName, float]


AllBars = tuple[JobBars, ...]
"""For each of WINDOWS."""


def list_job_slowdowns(figures: ShownFigures) -> list[Slowdown]:
    """Return the jobs that take longer, by the most seconds first."""
    blocks = figures.list_median_blocks()
    settled = figures.days[:-OPEN]

    def find() -> Said:
        possible = find_possible(figures, blocks)
        return Said(possible, LINE * len(possible))

    made = tuple((day.begin, day.rolled.version) for day in settled if day.rolled)
    if len(made) < len(settled):
        possible = find_possible(figures, blocks)
    else:
        subject = ("possible", figures.number, len(figures))
        possible = keep_value(figures.connection, subject, Block(made[0][0], made), find)
    return list_slowdowns(read_series(blocks, possible))


def find_possible(figures: ShownFigures, blocks: list[MedianBlock]) -> set[JobName]:
    """Return the jobs that take longer, or do so if the newest days say it."""
    chosen, settled = set[JobName](), len(figures) - OPEN
    for window, bars in zip(WINDOWS, read_bars(figures, blocks), strict=True):
        last = cut_blocks(blocks, len(figures) - window.days, settled)
        # Where the median is above a bar, half of the days are.
        chosen |= find_higher(last, bars.medians, 0.5, OPEN) & find_higher(
            last, bars.highs, window.share, OPEN
        )
    return chosen


def read_bars(figures: ShownFigures, blocks: list[MedianBlock]) -> AllBars:
    """Return what is asked of the last days, as it is kept where all days before have roll-ups."""
    past = figures.days[:-RECENT]

    def find() -> Said:
        bars = find_bars(blocks, len(figures))
        return Said(bars, LINE * sum(len(one.medians) for one in bars))

    made = tuple((day.begin, day.rolled.version) for day in past if day.rolled)
    if len(made) < len(past):
        return find_bars(blocks, len(figures))
    subject = ("bars", figures.number, len(figures))
    bars: AllBars = keep_value(figures.connection, subject, Block(made[0][0], made), find)
    return bars


def find_bars(blocks: list[MedianBlock], days: int) -> AllBars:
    """Return what is asked of the last days."""
    series = list_series(cut_blocks(blocks, 0, days - RECENT))
    every = list[JobBars]()
    for window in WINDOWS:
        bars = {key: find_bar(values[: days - window.days]) for key, values in series.items()}
        medians = {key: bar.median for key, bar in bars.items()}
        every.append(JobBars(medians, {key: bar.high for key, bar in bars.items()}))
    return tuple(every)
