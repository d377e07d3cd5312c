"""Pure: what the nights brought -> rows of cells, one for each night."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from dashboard.view.formats import count, first_line
from rows.sources import UNNAMED
from store.history.missed_nights import MissedNight
from store.reads.nights import GroupedRepo
from store.rollups.night_summary import EMPTY, FAILED_STATE, STATES, NightFailure
from store.rollups.nightly_runs import NightCell

NO_GROUP = "other"
NOT_RUN = "the schedule"
"""What stands for the job of a nightly that did not run."""
CELL, LETTER, LONGEST_NAME = 34, 8, 284
"""Pixels, as in pages.css."""


class MatrixRow(NamedTuple):
    """A repository's nights, in the order they are shown."""

    repoid: int
    repo: str
    group: str
    cells: tuple[NightCell, ...]

    def cell(self, night: date) -> NightCell:
        """Return the cell of a night that is shown."""
        return next(cell for cell in self.cells if cell.night == night)


def build_rows(
    nights: Sequence[date],
    cells: Mapping[date, Mapping[int, NightCell]],
    homes: Mapping[int, GroupedRepo],
    missed: Iterable[MissedNight] = (),
) -> list[MatrixRow]:
    """Return a row for each repository with a nightly run in these nights, or one that is missed.

    `missed` have their times on the clock that is shown.
    """
    lacking: dict[int, dict[date, list[NightFailure]]] = defaultdict(lambda: defaultdict(list))
    for lack in missed:
        lacking[lack.repoid][lack.night].append(describe_missed(lack))
    shown = [(night, cells.get(night, {}), NightCell(night, *EMPTY)) for night in nights]
    rows = []
    for repoid in dict.fromkeys(chain(*(own for _, own, _ in shown), lacking)):
        home = homes.get(repoid)
        if home is None:
            continue
        row = [own.get(repoid, empty) for _, own, empty in shown]
        if repoid in lacking:
            failures = lacking[repoid]
            row = [add_missed(cell, failures.get(cell.night, ())) for cell in row]
        rows.append(MatrixRow(repoid, home.name, home.group or NO_GROUP, tuple(row)))
    return rows


def add_missed(cell: NightCell, missed: Sequence[NightFailure]) -> NightCell:
    """Return a night: one in which a nightly did not run has failed."""
    if not missed:
        return cell
    return cell._replace(state=FAILED_STATE, failures=(*cell.failures, *missed))


def describe_missed(missed: MissedNight) -> NightFailure:
    """Return a nightly that did not run as what failed."""
    text = f"expected {missed.expected:%H:%M}, did not run{missed.why}"
    return NightFailure(missed.workflow, NOT_RUN, None, None, text, None, missed.workflowkey)


def name_failed(failure: NightFailure, most: int = 60) -> str:
    """Return the names of a workflow and its failed job; that of a nightly that did not run."""
    workflow = first_line(failure.workflow) or UNNAMED
    job = first_line(failure.job, most) or UNNAMED
    return workflow if failure.job == NOT_RUN else f"{workflow} / {job}"


def name_whole(failure: NightFailure) -> str:
    """Return these names uncut."""
    return failure.workflow if failure.job == NOT_RUN else f"{failure.workflow} / {failure.job}"


def count_failed(failure: NightFailure, nights: int) -> str:
    """Return for how many nights in a row something failed, or did not run."""
    return count(nights, "missed night" if failure.job == NOT_RUN else "failed night")


def sort_rows(
    rows: Iterable[MatrixRow], last: date, by: str, groups: Sequence[str] = ()
) -> list[MatrixRow]:
    """Return the rows by group in the order given, then by name, or failed ones first."""

    def key(row: MatrixRow) -> tuple[int, int, str]:
        group = groups.index(row.group) if row.group in groups else len(groups)
        state = 0 if by == "name" else STATES.index(row.cell(last).state)
        return group, state, row.repo.casefold()

    return sorted(rows, key=key)


def find_shared_owner(rows: Sequence[MatrixRow]) -> str:
    """Return what comes before the names of all rows, `octo-org/`; empty where they differ."""
    owners = {row.repo.rpartition("/")[0] for row in rows}
    return f"{owners.pop()}/" if len(rows) > 1 and len(owners) == 1 and "" not in owners else ""


def estimate_width(rows: Iterable[MatrixRow], nights: int) -> int:
    """Return how many hundred pixels the table may need: rather one too many."""
    longest = max((len(row.repo) for row in rows), default=0)
    return -(-(CELL * nights + min(LONGEST_NAME, LETTER * longest + 24) + 24) // 100)


def has_text(cell: NightCell, text: str) -> bool:
    """Tell whether a failure of a cell has the text in its workflow, job, step or error."""
    if not cell.failures:
        return False
    wanted = text.casefold()
    return any(
        wanted
        in " ".join(
            (failure.workflow, failure.job, failure.step or "", failure.error or "")
        ).casefold()
        for failure in cell.failures
    )


def filter_rows(
    rows: Iterable[MatrixRow], last: date, text: str, states: Sequence[str], group: str = ""
) -> list[MatrixRow]:
    """Return the rows whose name or failures have the text, whose last night is in states."""
    wanted = text.casefold()
    return [
        row
        for row in rows
        if (not states or row.cell(last).state in states)
        and (not group or row.group == group)
        and (not text or wanted in row.repo.casefold() or any(has_text(c, text) for c in row.cells))
    ]
