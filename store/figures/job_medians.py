"""The median run times of jobs on days that follow each other, by workflow and name.

Kept by blocks of days (store.rollups.kept_spans), a job at the same place of each day's list.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import nan
from typing import NamedTuple

from store.figures.job_ends import LINE, JobName, name_job

MEDIAN = 2
"""About the characters of a median that is kept."""


class MedianBlock(NamedTuple):
    """Jobs by their place in the lists, and the medians of each day: NaN where there is none."""

    places: dict[JobName, int]
    by_day: list["array[float]"]

    @property
    def size(self) -> int:
        """About how many characters of JSON take as much memory."""
        return (LINE + MEDIAN * len(self.by_day)) * len(self.places)


def add_up_medians(days: Iterable[Mapping[str, Mapping[str, float]]]) -> MedianBlock:
    """Return the medians of days that follow each other."""
    places: dict[JobName, int] = {}
    by_day: list[array[float]] = []
    for day in days:
        own = array("d", [nan]) * len(places)
        for flow, medians in day.items():
            for name, median in medians.items():
                place = places.get((flow, name))
                if place is None:
                    places[name_job(flow, name)] = len(places)
                    own.append(median)
                else:
                    own[place] = median
        by_day.append(own)
    for own in by_day:  # jobs that came later have none
        own.extend([nan] * (len(places) - len(own)))
    return MedianBlock(places, by_day)


def list_series(blocks: Sequence[MedianBlock]) -> dict[JobName, list[float | None]]:
    """Return the daily medians of each job."""
    nothing = [(nan,) * len(block.by_day) for block in blocks]
    rows = [list(zip(*block.by_day, strict=True)) for block in blocks]
    series: dict[JobName, list[float | None]] = {}
    for key in dict.fromkeys(chain.from_iterable(block.places for block in blocks)):
        values: list[float | None] = []
        for number, block in enumerate(blocks):
            place = block.places.get(key)
            values += nothing[number] if place is None else rows[number][place]
        if (total := sum(values)) != total:  # type: ignore[arg-type]  # NaN is not itself
            values = [None if value != value else value for value in values]
        series[key] = values
    return series
