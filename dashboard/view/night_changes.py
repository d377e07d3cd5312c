"""Pure: what is new since yesterday, what goes on failing, what is fixed: the top of Nights."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from dashboard.view.night_matrix import MatrixRow
from rows.words import WorkflowKey
from store.rollups.night_summary import PASSED, NightFailure
from store.rollups.nightly_runs import NightCell

JobKey = tuple[WorkflowKey, str]
"""What the workflow is known by, and the job's name."""
MOST_UNTOLD = 7
"""Nights without its failure, up to last night, in which a job may not have run."""


class JobChange(NamedTuple):
    """A job that failed or was fixed; `nights` counts the failed ones in a row, to last night.

    `first` means that it never failed before in the nights that are shown, `oldest` that it
    failed in all of them, so that it may have begun earlier. `since` is the first night without
    the failure of one that may be fixed.
    """

    repoid: int
    repo: str
    failure: NightFailure
    night: date
    nights: int
    first: bool
    oldest: bool
    since: date | None = None


class NightChanges(NamedTuple):
    """Last night in words; what is fixed did not fail, and may not have run either."""

    new: tuple[JobChange, ...]
    going_on: tuple[JobChange, ...]
    fixed: tuple[JobChange, ...]


def list_outcomes(
    row: MatrixRow, last: date
) -> dict[JobKey, list[tuple[date, NightFailure | None]]]:
    """Return for each job that failed how the nights up to last night ended for it, newest first.

    Nights in which its workflow did not run do not count.
    """
    cells = [cell for cell in row.cells if cell.night <= last]
    ids = find_ids(cells)
    failures = [
        {(ids.get(one.workflowkey, one.workflowkey), one.job): one for one in cell.failures}
        for cell in cells
    ]
    jobs = {job for failed in failures for job in failed}
    outcomes: dict[JobKey, list[tuple[date, NightFailure | None]]] = defaultdict(list)
    if not jobs:
        return outcomes
    called = {id(one): {ids.get(key, key) for key in one} for one in list_ran(cells)}
    for cell, failed in zip(cells, failures, strict=True):
        ran = called[id(cell.ran)]
        for job in jobs:
            if job in failed or job[0] in ran:
                outcomes[job].append((cell.night, failed.get(job)))
    return outcomes


def find_ids(cells: Iterable[NightCell]) -> dict[WorkflowKey, WorkflowKey]:
    """Return the ids of workflows by name, where one alone is called so.

    Runs of an earlier installation name their workflow, and have no id until they are read again.
    """
    ids: dict[str, set[int]] = defaultdict(set)
    for ran in list_ran(cells):
        for key, name in ran.items():
            if isinstance(key, int):
                ids[name.casefold()].add(key)
    return {name: min(alike) for name, alike in ids.items() if len(alike) == 1}


def list_ran(cells: Iterable[NightCell]) -> list[Mapping[WorkflowKey, str]]:
    """Return what ran in cells, each once: most nights of a row are one object in this."""
    return list({id(cell.ran): cell.ran for cell in cells}.values())


def count_failed_nights(nights: Sequence[tuple[date, NightFailure | None]]) -> int:
    """Return how many nights in a row failed, from the newest on."""
    return next((place for place, (_, one) in enumerate(nights) if one is None), len(nights))


def count_untold(row: MatrixRow, nights: Sequence[tuple[date, NightFailure | None]]) -> int | None:
    """Return how many nights, from the newest on, a job did not fail; None where that is no news.

    It was known to be well before last night where a night passed.
    """
    well = next((place for place, (_, one) in enumerate(nights) if one is not None), len(nights))
    if well == len(nights) or well > MOST_UNTOLD:
        return None
    return None if any(row.cell(night).state == PASSED for night, _ in nights[1:well]) else well


def find_changes(rows: Sequence[MatrixRow], last: date) -> NightChanges:
    """Return what is new, what goes on and what is fixed last night, the longest first."""
    new, going_on, fixed = list[JobChange](), list[JobChange](), list[JobChange]()
    for row in rows:
        for nights in list_outcomes(row, last).values():
            if nights[0][0] != last:
                continue  # it did not run last night: nothing is known of it
            well = count_untold(row, nights)
            if well is None:
                continue
            failure = nights[well][1]
            assert failure is not None  # noqa: S101 - it is the newest one
            length = count_failed_nights(nights[well:])
            ends = well + length
            change = JobChange(
                row.repoid,
                row.repo,
                failure,
                nights[well][0],
                length,
                all(one is None for _, one in nights[ends:]),
                ends == len(nights),
                nights[well - 1][0] if well else None,
            )
            (fixed if well else new if length == 1 else going_on).append(change)
    return NightChanges(
        tuple(sorted(new, key=name_order)),
        tuple(sorted(going_on, key=lambda change: (-change.nights, name_order(change)))),
        tuple(sorted(fixed, key=name_order)),
    )


def name_order(change: JobChange) -> tuple[str, str, str]:
    """Return what changes are sorted by."""
    return change.repo.casefold(), change.failure.workflow, change.failure.job
