"""How jobs ended on days that follow each other, by workflow and name: many thousands of numbers.

Kept by blocks of days (store.rollups.kept_spans): what they add up to, and what failed each day.
All blocks of a repository, or of all, have a job at one place of their lists.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from operator import add, or_
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from store.figures.rates import Ends
from store.rollups.figures import JobEnds

JobName = tuple[str, str]
"""What stands for a workflow, and a job's name."""

CHARACTER = 4
"""Bytes that are kept for a character of JSON."""


class JobPlaces:
    """The places of jobs in lists; one that came first keeps its own."""

    def __init__(self) -> None:
        self.of_job: dict[JobName, int] = {}
        self.lock = Lock()

    def find(self, flow: str, name: str) -> int:
        """Return a job's place, the next one where it has none."""
        place = self.of_job.get((flow, name))
        if place is None:
            with self.lock:
                place = self.of_job.setdefault((flow, name), len(self.of_job))
        return place

    def list_jobs(self, most: int) -> list[JobName]:
        """Return the jobs at the first places, in their order; others may come meanwhile."""
        return list(self.of_job)[:most]


PLACES: WeakKeyDictionary[Engine, dict[int, JobPlaces]] = WeakKeyDictionary()


def find_places(connection: Connection, number: int) -> JobPlaces:
    """Return the places of the jobs of a repository, or of ALL."""
    return PLACES.setdefault(connection.engine, {}).setdefault(number, JobPlaces())


class JobBlock(NamedTuple):
    """Which jobs ended, by their places, how many passed, how many failed, and on each day."""

    places: JobPlaces
    seen: bytearray
    passed: "array[int]"
    failed: "array[int]"
    by_day: "list[array[int]]"

    @property
    def size(self) -> int:
        """About how many characters of JSON take as much memory."""
        lists = (self.passed, self.failed, *self.by_day)
        return (len(self.seen) + sum(len(own) * own.itemsize for own in lists)) // CHARACTER


def add_up_jobs(days: Iterable[JobEnds], places: JobPlaces) -> JobBlock:
    """Return how jobs ended on days that follow each other."""
    block = JobBlock(places, bytearray(), array("i"), array("i"), [])
    _, seen, passes, failures, by_day = block
    for day in days:
        failing = array("i", bytes(4 * len(seen)))
        for flow, ends in day:
            for name, passed in ends.items():
                place = places.find(flow, name)
                if place >= len(seen):
                    more = place + 1 - len(seen)
                    seen.extend(bytes(more))
                    for own in (passes, failures, failing):
                        own.frombytes(bytes(more * own.itemsize))
                seen[place] = True
                if passed.__class__ is not int:
                    passed, failed = passed
                    failures[place] += failed
                    failing[place] += failed
                passes[place] += passed
        by_day.append(shorten(failing))
    return block


def shorten(numbers: "array[int]") -> "array[int]":
    """Return numbers in as few bytes as they need: hardly ever do 256 jobs of a day fail."""
    most = max(numbers, default=0)
    return array("B" if most < 2**8 else "H" if most < 2**16 else "i", numbers)


def sum_job_ends(
    blocks: Sequence[JobBlock], keys: Collection[JobName] | None = None
) -> dict[JobName, Ends]:
    """Return how many jobs passed and failed, by workflow and name: all, or those of `keys`."""
    if not blocks:
        return {}
    places = blocks[0].places
    if keys is not None:
        return sum_some(blocks, {key: places.of_job[key] for key in keys if key in places.of_job})
    most = max(len(block.seen) for block in blocks)
    seen: Any = bytes(most)
    passed, failed = [0] * most, [0] * most
    for block in blocks:
        number = len(block.seen)
        seen = bytes(map(or_, seen, block.seen)) + seen[number:]
        passed[:number] = map(add, passed, block.passed)
        failed[:number] = map(add, failed, block.failed)
    ends = zip(places.list_jobs(most), seen, passed, failed, strict=True)
    return {key: Ends(good, bad) for key, is_seen, good, bad in ends if is_seen}


def sum_some(blocks: Sequence[JobBlock], places: dict[JobName, int]) -> dict[JobName, Ends]:
    """Return how many jobs at some places passed and failed, where they ended at all."""
    ends: dict[JobName, Ends] = {}
    for key, place in places.items():
        own = [block for block in blocks if place < len(block.seen) and block.seen[place]]
        if own:
            passed = sum(block.passed[place] for block in own)
            ends[key] = Ends(passed, sum(block.failed[place] for block in own))
    return ends


def count_failed_jobs(
    blocks: Sequence[JobBlock], keys: Iterable[JobName]
) -> dict[JobName, list[int]]:
    """Return how many jobs failed on each day, by some workflows and names."""
    counts: dict[JobName, list[int]] = {}
    for key in keys:
        own = counts[key] = []
        for block in blocks:
            place = block.places.of_job.get(key)
            # A job that came later has no place in the days before.
            own += (0 if place is None or place >= len(day) else day[place] for day in block.by_day)
    return counts
