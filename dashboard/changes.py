"""Pure: what is new since yesterday, what goes on failing, what is fixed: the top of Nights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from dashboard.matrix import NOTHING, RUNNING, Cell, Failure, Row, run_state

Job = tuple[str, str]
"""Workflow and job name."""


class Change(NamedTuple):
    """A job that failed or was fixed; `nights` counts the failed ones in a row, to last night.

    `first` means that it never failed before in the nights that are shown, `oldest` that it
    failed in all of them, so that it may have begun earlier.
    """

    repoid: int
    repo: str
    failure: Failure
    night: date
    nights: int
    first: bool
    oldest: bool


class Shared(NamedTuple):
    """A step that fails in several repositories at once."""

    step: str
    repos: tuple[str, ...]


class Changes(NamedTuple):
    """Last night in words."""

    new: tuple[Change, ...]
    going_on: tuple[Change, ...]
    fixed: tuple[Change, ...]
    shared: tuple[Shared, ...]


def ran(cell: Cell, workflow: str) -> bool:
    """Tell whether a run of a workflow ended in a night."""
    return any(
        (run.workflowname or "?") == workflow and run_state(run) not in (NOTHING, RUNNING)
        for run in cell.runs
    )


def outcomes(row: Row, last: date) -> dict[Job, list[tuple[date, Failure | None]]]:
    """Return for each job that failed how the nights up to last night ended for it, newest first.

    Nights in which its workflow did not run do not count.
    """
    cells = [cell for cell in row.cells if cell.night <= last]
    jobs = {(one.workflow, one.job) for cell in cells for one in cell.failures}
    found: dict[Job, list[tuple[date, Failure | None]]] = defaultdict(list)
    for cell in cells:
        failed = {(one.workflow, one.job): one for one in cell.failures}
        for job in jobs:
            if job in failed or ran(cell, job[0]):
                found[job].append((cell.night, failed.get(job)))
    return found


def streak(nights: Sequence[tuple[date, Failure | None]]) -> int:
    """Return how many nights in a row failed, from the newest on."""
    return next((place for place, (_, one) in enumerate(nights) if one is None), len(nights))


def changes_of(rows: Iterable[Row], last: date) -> Changes:
    """Return what is new, what goes on and what is fixed last night, the longest first."""
    new, going_on, fixed = list[Change](), list[Change](), list[Change]()
    steps: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for nights in outcomes(row, last).values():
            if nights[0][0] != last:
                continue  # it did not run last night: nothing is known of it
            length = streak(nights)
            rest = streak(nights[1:]) if length == 0 else length
            if rest == 0:
                continue
            failure = nights[0 if length else 1][1]
            assert failure is not None  # noqa: S101 - it is part of the streak
            ends = length or rest + 1
            change = Change(
                row.repoid,
                row.repo,
                failure,
                last if length else nights[1][0],
                rest,
                all(one is None for _, one in nights[ends:]),
                ends == len(nights),
            )
            (fixed if length == 0 else new if length == 1 else going_on).append(change)
            if length and failure.step:
                steps[failure.step].add(row.repo)
    shared = [Shared(step, tuple(sorted(found))) for step, found in steps.items() if len(found) > 1]
    return Changes(
        tuple(sorted(new, key=by_name)),
        tuple(sorted(going_on, key=lambda one: (-one.nights, by_name(one)))),
        tuple(sorted(fixed, key=by_name)),
        tuple(sorted(shared, key=lambda one: (-len(one.repos), one.step))),
    )


def by_name(change: Change) -> tuple[str, str, str]:
    """Return what changes are sorted by."""
    return change.repo.casefold(), change.failure.workflow, change.failure.job
