"""Pure: figures of days -> how often what failed, by one of SUBJECTS, day by day."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from store.rollups.figures import Rows


class Ends(NamedTuple):
    """Runs or jobs of a day, or of many, that passed and failed."""

    passed: int = 0
    failed: int = 0

    @property
    def rate(self) -> float | None:
        """Failed of all that passed or failed; None of nothing."""
        return self.failed / (self.passed + self.failed) if self.passed + self.failed else None


class Subject(NamedTuple):
    """What is counted by: rows of which table of figures, and what of a row is equal."""

    table: str
    key: Callable[[list[Any]], Any]
    at: int
    """Where `passed` stands in a row; `failed` follows."""


@lru_cache(maxsize=8192)
def repo_of(workflow: str) -> int:
    """Return the repos.Id of what stands for a workflow."""
    return int(orjson.loads(workflow)[0])


SUBJECTS_OF_ROWS = {
    "repository": Subject("runs", lambda row: repo_of(row[0]), 2),
    "workflow": Subject("runs", lambda row: row[0], 2),
    "pool": Subject("pools", lambda row: row[0], 3),
    "event": Subject("runs", lambda row: row[1] or "unknown", 2),
}

JOB = "job"
SUBJECTS = ("repository", "workflow", JOB, "pool", "event")
"""What is counted by; a job is told by its workflow and its name."""


def sum_ends(days: Sequence[Rows], by: str) -> dict[Any, Ends]:
    """Return how many passed and failed, by the subject's keys."""
    if by == JOB:
        return sum_job_ends(days)
    table, key_of, at = SUBJECTS_OF_ROWS[by]
    counts: dict[Any, list[int]] = {}
    for day in days:
        for row in day[table]:
            key = key_of(row)
            own = counts.get(key)
            if own is None:
                counts[key] = [row[at], row[at + 1]]
            else:
                own[0] += row[at]
                own[1] += row[at + 1]
    return {key: Ends(*own) for key, own in counts.items()}


def sum_job_ends(days: Sequence[Rows]) -> dict[Any, Ends]:
    """Return how many jobs passed and failed, by workflow and name; many thousands are added."""
    flows: dict[str, dict[str, list[int]]] = {}
    for day in days:
        for flow, ends in day["ends"]:
            own = flows.setdefault(flow, {})
            for name, (passed, failed) in ends.items():
                known = own.get(name)
                if known is None:
                    own[name] = [passed, failed]
                else:
                    known[0] += passed
                    known[1] += failed
    return {(flow, name): Ends(*own) for flow, ends in flows.items() for name, own in ends.items()}


def count_failed_jobs(days: Sequence[Rows], keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return how many jobs failed on each day, by some workflows and names."""
    counts = {key: [0] * len(days) for key in keys}
    names: dict[str, list[str]] = defaultdict(list)
    for flow, name in keys:
        names[flow].append(name)
    for place, day in enumerate(days):
        for flow, ends in day["ends"]:
            for name in names.get(flow, ()):
                counts[flow, name][place] = ends.get(name, (0, 0))[1]
    return counts


def count_failed(days: Sequence[Rows], by: str, keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return how many failed on each day, by some of the subject's keys."""
    if by == JOB:
        return count_failed_jobs(days, keys)
    table, key_of, at = SUBJECTS_OF_ROWS[by]
    counts = {key: [0] * len(days) for key in keys}
    for place, day in enumerate(days):
        for row in day[table]:
            if row[at + 1] and (key := key_of(row)) in counts:
                counts[key][place] += row[at + 1]
    return counts


def sum_all(days: Sequence[Rows]) -> Ends:
    """Return how many runs passed and failed."""
    ends = sum_ends(days, "event").values()
    return Ends(sum(one.passed for one in ends), sum(one.failed for one in ends))
