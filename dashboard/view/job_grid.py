"""Pure: jobs of runs -> a grid of commits by jobs, the newest commit and what fails first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dashboard.view import formats
from store.history.newest_jobs import JobEnd
from store.reads.runs import Run

MOST = 20
"""Commits that a grid shows."""


class GridCell(NamedTuple):
    """How a job ended on a commit, the last time it ran there; `times` is how often it did."""

    tone: str
    ended: str
    job: JobEnd
    times: int


class GridRow(NamedTuple):
    """A commit with its jobs in the grid's order; None where one did not run."""

    commithash: str
    time: datetime | None
    title: str | None
    cells: tuple[GridCell | None, ...]


class JobGrid(NamedTuple):
    """Columns are workflows with their jobs; rows are commits."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[GridRow, ...]


def draw_grid(runs: Sequence[Run], jobs: Sequence[JobEnd]) -> JobGrid:
    """Return the grid of runs, newest first, and their jobs."""
    order = sorted({(job.workflowname or "", job.name or "?") for job in jobs})
    cells: dict[tuple[str, tuple[str, str]], list[JobEnd]] = {}
    for job in jobs:
        place = (job.commithash or "", (job.workflowname or "", job.name or "?"))
        cells.setdefault(place, []).append(job)
    rows, seen = list[GridRow](), set[str]()
    for run in runs:
        sha = run.commithash or ""
        if sha not in seen and len(seen) < MOST:
            seen.add(sha)
            ended = tuple(draw_cell(cells.get((sha, name), ())) for name in order)
            rows.append(GridRow(sha, run.createtime, run.title, ended))
    places = sorted(range(len(order)), key=lambda place: not is_failing(rows, place))
    rows = [row._replace(cells=tuple(row.cells[place] for place in places)) for row in rows]
    return JobGrid(tuple(order[place] for place in places), tuple(rows))


def is_failing(rows: Sequence[GridRow], place: int) -> bool:
    """Tell whether a job failed the last time it ran: of hundreds a screen has the first."""
    ran = (row.cells[place] for row in rows)
    newest = next(filter(None, ran), None)
    return newest is not None and newest.tone == "failed"


def draw_cell(jobs: Sequence[JobEnd]) -> GridCell | None:
    """Return the newest of a job's ends on a commit."""
    if not jobs:
        return None
    last = max(jobs, key=lambda job: (job.createtime or datetime.min, job.attempt or 1, job.gitid))
    ended = formats.ended(last.conclusion, last.status)
    return GridCell(formats.tone(last.conclusion, last.status), ended, last, len(jobs))
