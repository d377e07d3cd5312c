"""What a day's runs and jobs came to, for a repository or for all (ALL), and how that is stored.

A workflow is the JSON of repos.Id, what it is known by there, and what it is called; a pool that
of its runners' group and labels; waits a text of store.rollups.histogram. Billed minutes are
rounded up for each job. Pages read many days at once: what has a line for each workflow stands in
parallel lists, which are read several times as soon as a list for each.
"""

from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

import orjson

from rows.words import workflow_key

ALL, UNKNOWN = 0, -1

JobEnds = list[list[Any]]
"""[workflow, {job: [passed, failed]}], or how many passed alone where none failed."""


@dataclass(frozen=True, slots=True)
class JobTurns:
    """When jobs turned red or green on the default branch (store.rollups.turns).

    `red` has workflow, job and turns; a tag's place is that in `pools`: where the job failed.
    `green` has the second at which others passed first, by workflow and job.
    """

    pools: list[str] = field(default_factory=list)
    red: list[list[Any]] = field(default_factory=list)
    green: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of a day: of runs, of what they cost, and where it was read, of jobs."""

    flows: list[str] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    """Runs of each of the `flows` that passed, and that failed."""
    events: dict[str, list[int]] = field(default_factory=dict)
    """Runs that passed and failed, by event; empty where it is not known."""
    pools: list[list[Any]] = field(default_factory=list)
    """[pool, system, jobs, passed, failed, seconds, billed minutes, most at once, waits]"""
    costs: list[list[int]] = field(default_factory=lambda: [[], [], []])
    """Places in `flows`, and in `pools` of the first with that pool, and billed minutes."""
    tags: list[str] = field(default_factory=list)
    red: list[list[Any]] = field(default_factory=list)
    """Places in `flows`, and when the default branch turned (store.rollups.turns).

    A tag's place is that in `tags`: the event of the run that failed.
    """
    green: list[list[int]] = field(default_factory=lambda: [[], []])
    """Places in `flows` of those that only passed on the default branch, and when first."""
    medians: dict[str, dict[str, float]] = field(default_factory=dict)
    """The median seconds of passed jobs, by workflow and job; of several pools, of most jobs."""
    ends: JobEnds = field(default_factory=list)
    turns: JobTurns = field(default_factory=JobTurns)


FIRST = [one.name for one in fields(DayFigures) if one.name not in ("medians", "ends", "turns")]
"""What the first line of `rollups.figures` has; the second has the medians.

`ends` and `turns` are parts (store.rollups.day_parts).
"""


def as_text(day: DayFigures) -> str:
    """Return figures as they are stored: two lines, of which most pages read the first alone."""
    first = orjson.dumps({name: getattr(day, name) for name in FIRST}).decode()
    return f"{first}\n{orjson.dumps(day.medians).decode()}"


def from_text(text: str | None, *, with_medians: bool) -> DayFigures:
    """Return stored figures."""
    first, _, _ = (text or "{}\n{}").partition("\n")
    day = DayFigures(**orjson.loads(first))
    return replace(day, medians=medians_from_text(text)) if with_medians else day


def medians_from_text(text: str | None) -> dict[str, dict[str, float]]:
    """Return the medians of stored figures."""
    medians: dict[str, dict[str, float]] = orjson.loads((text or "\n{}").partition("\n")[2])
    return medians


@lru_cache(maxsize=4096)
def workflow_text(repoid: int, gitid: int | None, name: str | None) -> str:
    """Return what stands for a workflow."""
    return orjson.dumps([repoid, workflow_key(gitid, name), name or ""]).decode()


@lru_cache(maxsize=4096)
def pool_text(group: str | None, labels: str | None) -> str:
    """Return what stands for a pool of runners."""
    return orjson.dumps([group or "", orjson.loads(labels) if labels else []]).decode()
