"""How jobs ended on days that follow each other, by workflow and name: many thousands of numbers.

Kept by blocks of days (store.rollups.kept_spans): what they add up to, and what failed each day.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from store.figures.rates import Ends
from store.rollups.figures import JobEnds

JobName = tuple[str, str]
"""What stands for a workflow, and a job's name."""

LINE, PLACE = 60, 1
"""About the characters of what is kept of a job, and of how it ended on a day."""


class JobBlock(NamedTuple):
    """Jobs by their place in lists: how many passed, how many failed, how many on each day."""

    places: dict[JobName, int]
    passed: list[int]
    failed: list[int]
    by_day: list["array[int]"]

    @property
    def size(self) -> int:
        """About how many characters of JSON take as much memory."""
        return (LINE + PLACE * len(self.by_day)) * len(self.places)


@lru_cache(maxsize=100_000)
def name_job(flow: str, name: str) -> JobName:
    """Return one tuple for all blocks."""
    return flow, name


def add_up_jobs(days: Iterable[JobEnds]) -> JobBlock:
    """Return how jobs ended on days that follow each other."""
    block = JobBlock({}, [], [], [])
    places, passes, failures, by_day = block
    for day in days:
        failing = array("i", [0]) * len(places)
        for flow, ends in day:
            for name, passed in ends.items():
                place = places.get((flow, name))
                if place is None:
                    place = places[name_job(flow, name)] = len(places)
                    passes.append(0)
                    failures.append(0)
                    failing.append(0)
                if passed.__class__ is not int:
                    passed, failed = passed
                    failures[place] += failed
                    failing[place] += failed
                passes[place] += passed
        by_day.append(failing)
    return block


def sum_job_ends(
    blocks: Sequence[JobBlock], keys: Collection[JobName] | None = None
) -> dict[JobName, Ends]:
    """Return how many jobs passed and failed, by workflow and name: all, or those of `keys`."""
    passes: dict[JobName, int] = {}
    failures: dict[JobName, int] = {}
    for block in blocks:
        for key in block.places if keys is None else keys:
            place = block.places.get(key)
            if place is not None:
                passes[key] = passes.get(key, 0) + block.passed[place]
                if block.failed[place]:
                    failures[key] = failures.get(key, 0) + block.failed[place]
    return {key: Ends(passed, failures.get(key, 0)) for key, passed in passes.items()}


def count_failed_jobs(
    blocks: Sequence[JobBlock], keys: Iterable[JobName]
) -> dict[JobName, list[int]]:
    """Return how many jobs failed on each day, by some workflows and names."""
    counts: dict[JobName, list[int]] = {}
    for key in keys:
        own = counts[key] = []
        for block in blocks:
            place = block.places.get(key)
            known = (
                [] if place is None else [day[place] for day in block.by_day if place < len(day)]
            )
            # A job that came later in the block has no place in the days before.
            own += [0] * (len(block.by_day) - len(known)) + known
    return counts
