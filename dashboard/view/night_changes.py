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
    the failure of one that may be fixed, or that may go on failing since `before`.
    """

    repoid: int
    repo: str
    failure: NightFailure
    night: date
    nights: int
    first: bool
    oldest: bool
    since: date | None = None
    before: "JobChange | None" = None


class NightChanges(NamedTuple):
    """Last night in words; what did not fail, or not in the night before, may not have run then."""

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
        if cell.failures
        else {}
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
    """Return how many nights, from the newest on, a job did not fail; None where it passed surely.

    So it did where a night passed; it is not asked of many nights.
    """
    well = next((place for place, (_, one) in enumerate(nights) if one is not None), len(nights))
    if well == len(nights) or well > MOST_UNTOLD:
        return None
    return None if any(row.cell(night).state == PASSED for night, _ in nights[:well]) else well


def describe_row(row: MatrixRow, nights: Sequence[tuple[date, NightFailure | None]]) -> JobChange:
    """Return what a job's nights say that begin with a failed one."""
    night, failure = nights[0]
    assert failure is not None  # noqa: S101 - see above
    length = count_failed_nights(nights)
    is_first = all(one is None for _, one in nights[length:])
    is_oldest = length == len(nights)
    return JobChange(row.repoid, row.repo, failure, night, length, is_first, is_oldest)


def find_changes(rows: Sequence[MatrixRow], last: date) -> NightChanges:
    """Return what is new, what goes on and what is fixed last night, the longest first."""
    new, going_on, fixed = list[JobChange](), list[JobChange](), list[JobChange]()
    for row in rows:
        for nights in list_outcomes(row, last).values():
            if nights[0][0] != last:
                continue  # it did not run last night: nothing is known of it
            has_failed = nights[0][1] is not None
            # Last night may have passed by other jobs, or by this one.
            well = count_untold(row, nights[1:])
            before = None if well is None else describe_row(row, nights[1 + well :])
            if not has_failed:
                if before is not None and well is not None:
                    fixed.append(before._replace(since=nights[well][0]))
                continue
            change = describe_row(row, nights)
            if well:  # else it failed in the night before, too
                change = change._replace(since=nights[well][0], before=before)
            (new if change.nights == 1 else going_on).append(change)
    return NightChanges(
        tuple(sorted(new, key=name_order)),
        tuple(sorted(going_on, key=lambda change: (-change.nights, name_order(change)))),
        tuple(sorted(fixed, key=name_order)),
    )


def name_order(change: JobChange) -> tuple[str, str, str]:
    """Return what changes are sorted by."""
    return change.repo.casefold(), change.failure.workflow, change.failure.job
