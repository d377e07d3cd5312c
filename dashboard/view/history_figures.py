"""Pure: the figures of a list of runs or jobs, and their chart."""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from dashboard.view import charts, formats
from dashboard.view.charts import Chart, Point
from rows.words import FAILED, SUCCESS

BARS = 60


class Ended(Protocol):
    """What a run and a job have in common."""

    @property
    def status(self) -> str | None: ...
    @property
    def conclusion(self) -> str | None: ...
    @property
    def createtime(self) -> datetime | None: ...
    @property
    def queuetime(self) -> int | None: ...
    @property
    def runtime(self) -> float | None: ...


class HistoryFigures(NamedTuple):
    """`rate` is failed of all that failed or passed; spans are of those that passed."""

    number: int
    failed: int
    rate: float | None
    median: float | None
    p90: float | None
    waited: float | None
    newest: Ended | None
    failing: int
    """How many failed since one passed."""
    is_oldest: bool
    """Whether none of them passed: it may have begun to fail earlier."""


def read_figures(ends: Sequence[Ended]) -> HistoryFigures:
    """Return the figures of runs or jobs, newest first."""
    failed = sum(end.conclusion in FAILED for end in ends)
    passed = [end for end in ends if end.conclusion == SUCCESS]
    lengths = Counter(end.runtime for end in passed if end.runtime is not None)
    waits = [end.queuetime for end in ends if end.queuetime is not None]
    told = [end for end in ends if end.conclusion in FAILED or end.conclusion == SUCCESS]
    failing = next(
        (place for place, end in enumerate(told) if end.conclusion == SUCCESS), len(told)
    )
    median, p90 = charts.percentiles(lengths, (0.5, 0.9))
    return HistoryFigures(
        len(ends),
        failed,
        failed / len(told) if told else None,
        median,
        p90,
        statistics.median(waits) if waits else None,
        ends[0] if ends else None,
        failing,
        failing == len(told),
    )


def draw_ends(ends: Sequence[tuple[Ended, str, str]]) -> Chart:
    """Return the newest BARS as bars, from the oldest: each with its label and its page."""
    shown = ends[:BARS][::-1]
    return charts.draw_history([
        (
            Point(
                f"{end.createtime.day} {end.createtime:%b}" if end.createtime else "",
                f"{label}, {formats.ended(end.conclusion, end.status)}",
            ),
            formats.tone(end.conclusion, end.status),
            end.runtime,
            url,
        )
        for end, label, url in shown
    ])  # fmt: skip
