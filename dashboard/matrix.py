"""Pure: nightly runs and their failed jobs -> rows of cells, one for each night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from dashboard.nights import Calendar
from store.reads import FAILED, Run, RunKey
from store.reads_nights import FailedJob

FAILED_STATE, RUNNING, WARNED, PASSED, NOTHING = "failed", "running", "warned", "passed", "nothing"
STATES = (FAILED_STATE, WARNED, RUNNING, PASSED, NOTHING)
"""What a cell can say, in the order that rows are sorted by."""

WORST = (FAILED_STATE, RUNNING, WARNED, PASSED, NOTHING)
"""Which of several workflows' states a cell shows."""

WHOLE_RUN = "the run itself"


class Failure(NamedTuple):
    """A failed job of a night, and the step it failed at; `job` may stand for the whole run."""

    workflow: str
    job: str
    step: str | None
    url: str | None


class Cell(NamedTuple):
    """What one repository did in one night; `runs` newest first, superseded ones too."""

    night: date
    state: str
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]


class Row(NamedTuple):
    """A repository's nights, in the order they are shown."""

    repoid: int
    repo: str
    cells: tuple[Cell, ...]

    def cell(self, night: date) -> Cell:
        """Return the cell of a night that is shown."""
        return next(cell for cell in self.cells if cell.night == night)


def run_state(run: Run) -> str:
    """Return what one run says; one that needed a second attempt passed with a warning."""
    if run.conclusion in FAILED:
        return FAILED_STATE
    if run.status != "completed":
        return RUNNING
    if run.conclusion == "success":
        return WARNED if (run.attempt or 1) > 1 else PASSED
    return NOTHING if run.conclusion == "skipped" else WARNED


def failures_of(run: Run, jobs: Sequence[FailedJob]) -> list[Failure]:
    """Return why a run failed: its failed jobs, or itself when it has none."""
    workflow = run.workflowname or "?"
    if not jobs:
        return [Failure(workflow, WHOLE_RUN, None, run.url)]
    return [Failure(workflow, job.name or "?", job.failedstep, job.url) for job in jobs]


def cell_of(night: date, runs: Sequence[Run], jobs: dict[RunKey, list[FailedJob]]) -> Cell:
    """Return a cell: the newest run of each workflow decides, and the worst of them is shown.

    An earlier failure that a later run of the same night made good is a warning.
    """
    newest: dict[str | None, Run] = {}
    mended = False
    for run in reversed(runs):
        state = run_state(run)
        if state == NOTHING:
            continue
        shown = newest.setdefault(run.workflowname, run)
        mended = mended or (shown is not run and state == FAILED_STATE)
    states = {run_state(run) for run in newest.values()}
    state = next((one for one in WORST if one in states), NOTHING)
    if state == PASSED and mended:
        state = WARNED
    failures = [
        failure
        for run in newest.values()
        if run_state(run) == FAILED_STATE
        for failure in failures_of(run, jobs.get(run.key, ()))
    ]
    return Cell(night, state, tuple(reversed(runs)), tuple(failures))


def rows_of(
    calendar: Calendar, nights: Sequence[date], runs: Iterable[Run], failed: Iterable[FailedJob]
) -> list[Row]:
    """Return a row for each repository with a nightly run; `runs` oldest first."""
    jobs: dict[RunKey, list[FailedJob]] = defaultdict(list)
    for job in failed:
        jobs[job.provider, job.rungitid].append(job)
    names: dict[int, str] = {}
    found: dict[int, dict[date, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        assert run.createtime is not None  # noqa: S101 - the query chose by it
        names[run.repoid] = run.repo
        found[run.repoid][calendar.night(run.createtime)].append(run)
    return [
        Row(repoid, names[repoid], tuple(cell_of(one, by_night[one], jobs) for one in nights))
        for repoid, by_night in found.items()
    ]


def sorted_rows(rows: Iterable[Row], last: date, by: str) -> list[Row]:
    """Return the rows by name, or the ones that failed last night first."""
    if by == "name":
        return sorted(rows, key=lambda row: row.repo.casefold())
    return sorted(rows, key=lambda row: (STATES.index(row.cell(last).state), row.repo.casefold()))


def matches(cell: Cell, text: str) -> bool:
    """Tell whether a failure of a cell has the text in its workflow, job or step."""
    wanted = text.casefold()
    return any(
        wanted in " ".join((one.workflow, one.job, one.step or "")).casefold()
        for one in cell.failures
    )


def filtered(rows: Iterable[Row], last: date, text: str, states: Sequence[str]) -> list[Row]:
    """Return the rows whose name or failures have the text, and whose last night is in states."""
    wanted = text.casefold()
    return [
        row
        for row in rows
        if (not states or row.cell(last).state in states)
        and (not text or wanted in row.repo.casefold() or any(matches(c, text) for c in row.cells))
    ]
