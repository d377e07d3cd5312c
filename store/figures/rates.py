"""Pure: figures of days -> how often what failed, by one of SUBJECTS but jobs, day by day."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from store.rollups.figures import DayFigures


class Ends(NamedTuple):
    """Runs or jobs of a day, or of many, that passed and failed."""

    passed: int = 0
    failed: int = 0

    @property
    def rate(self) -> float | None:
        """Failed of all that passed or failed; None of nothing."""
        return self.failed / (self.passed + self.failed) if self.passed + self.failed else None


@lru_cache(maxsize=8192)
def repo_of(workflow: str) -> int:
    """Return the repos.Id of what stands for a workflow."""
    return int(orjson.loads(workflow)[0])


REPOSITORY, WORKFLOW, JOB, POOL, EVENT = "repository", "workflow", "job", "pool", "event"
SUBJECTS = (REPOSITORY, WORKFLOW, JOB, POOL, EVENT)
"""What is counted by; a job is told by its workflow and its name (store.figures.job_ends)."""


def list_ends(day: DayFigures, by: str) -> Iterator[tuple[Any, int, int]]:
    """Yield what passed and failed on a day, by keys of a subject; a key may come again."""
    if by == WORKFLOW:
        return zip(day.flows, day.passed, day.failed, strict=True)
    if by == REPOSITORY:
        return zip(map(repo_of, day.flows), day.passed, day.failed, strict=True)
    if by == POOL:
        return ((pool[0], pool[3], pool[4]) for pool in day.pools)
    return ((event or "unknown", ends[0], ends[1]) for event, ends in day.events.items())


def sum_ends(days: Sequence[DayFigures], by: str) -> dict[Any, Ends]:
    """Return how many passed and failed, by the subject's keys, where any did."""
    told = ((key, (passed, failed)) for day in days for key, passed, failed in list_ends(day, by))
    return {key: ends for key, ends in merge_ends(told).items() if ends.passed or ends.failed}


def merge_ends(ends: Iterable[tuple[Any, tuple[int, int]]]) -> dict[Any, Ends]:
    """Return how many passed and failed, by keys, of which each may come again."""
    counts: dict[Any, list[int]] = {}
    for key, (passed, failed) in ends:
        own = counts.get(key)
        if own is None:
            counts[key] = [passed, failed]
        else:
            own[0] += passed
            own[1] += failed
    return {key: Ends(*own) for key, own in counts.items()}


def count_failed(days: Sequence[DayFigures], by: str, keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return how many failed on each day, by some of the subject's keys."""
    counts = {key: [0] * len(days) for key in keys}
    for place, day in enumerate(days):
        for key, _, failed in list_ends(day, by):
            if failed and key in counts:
                counts[key][place] += failed
    return counts


def sum_all(days: Sequence[DayFigures]) -> Ends:
    """Return how many runs passed and failed."""
    ends = [own for day in days for own in day.events.values()]
    return Ends(sum(passed for passed, _ in ends), sum(failed for _, failed in ends))
