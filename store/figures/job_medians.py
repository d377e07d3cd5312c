"""The median run times of jobs on days that follow each other, by workflow and name.

Kept by blocks of days (store.rollups.kept_spans), a job at the same place of each day's list.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf, nan
from operator import eq, gt, is_not
from typing import NamedTuple

from store.figures.job_ends import CHARACTER, JobName, JobPlaces

IS_KNOWN = partial(is_not, None)


class MedianBlock(NamedTuple):
    """The medians of each day by the places of jobs: NaN where there is none."""

    places: JobPlaces
    by_day: list["array[float]"]

    @property
    def size(self) -> int:
        """About how many characters of JSON take as much memory."""
        return sum(len(day) * day.itemsize for day in self.by_day) // CHARACTER


def add_up_medians(
    days: Iterable[Mapping[str, Mapping[str, float]]], places: JobPlaces
) -> MedianBlock:
    """Return the medians of days that follow each other."""
    by_day: list[array[float]] = []
    most = 0
    for day in days:
        own = array("d", [nan]) * most
        for flow, medians in day.items():
            for name, median in medians.items():
                place = places.find(flow, name)
                if place >= len(own):
                    own.extend([nan] * (place + 1 - len(own)))
                own[place] = median
        by_day.append(own)
        most = max(most, len(own))
    for own in by_day:  # jobs that came later have none
        own.extend([nan] * (most - len(own)))
    return MedianBlock(places, by_day)


def list_series(blocks: Sequence[MedianBlock]) -> dict[JobName, list[float | None]]:
    """Return the daily medians of each job that has one."""
    if not blocks:
        return {}
    most = max((len(day) for block in blocks for day in block.by_day), default=0)
    series = read_series(blocks, blocks[0].places.list_jobs(most))
    return {key: values for key, values in series.items() if any(map(IS_KNOWN, values))}


def read_series(
    blocks: Sequence[MedianBlock], jobs: Iterable[JobName]
) -> dict[JobName, list[float | None]]:
    """Return the daily medians of some jobs."""
    nothing = [(nan,) * len(block.by_day) for block in blocks]
    longest = [max(map(len, block.by_day), default=0) for block in blocks]
    series: dict[JobName, list[float | None]] = {}
    for key in jobs:
        values: list[float | None] = []
        for number, (places, by_day) in enumerate(blocks):
            place = places.of_job[key]
            values += (
                nothing[number] if place >= longest[number] else [day[place] for day in by_day]
            )
        if (total := sum(values)) != total:  # type: ignore[arg-type]  # NaN is not itself
            values = [None if value != value else value for value in values]
        series[key] = values
    return series


def cut_blocks(blocks: Sequence[MedianBlock], first: int, after: int) -> list[MedianBlock]:
    """Return some of the days that blocks have together."""
    cut, begin = list[MedianBlock](), 0
    for places, by_day in blocks:
        own = by_day[max(first - begin, 0) : max(after - begin, 0)]
        begin += len(by_day)
        if own:
            cut.append(MedianBlock(places, own))
    return cut


def find_higher(
    blocks: Sequence[MedianBlock], bars: Mapping[JobName, float], share: float, more_days: int = 0
) -> set[JobName]:
    """Return the jobs that were above their bar on a share of the days on which they are known.

    `more_days` may follow, and a job be above its bar on all of them.
    """
    counts: defaultdict[JobName, list[int]] = defaultdict(lambda: [0, 0])
    for places, by_day in blocks:
        jobs = places.list_jobs(len(by_day[0]))
        own = [bars.get(key, inf) for key in jobs]
        above = map(sum, zip(*(map(gt, day, own) for day in by_day), strict=True))
        known = map(sum, zip(*(map(eq, day, day) for day in by_day), strict=True))  # NaN is not
        for key, more, number in zip(jobs, above, known, strict=True):
            if number:
                count = counts[key]
                count[0] += more
                count[1] += number
    return {
        key
        for key, (more, number) in counts.items()
        if more and more + more_days >= (number + more_days) * share
    }
