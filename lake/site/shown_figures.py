"""Pure: cells -> the figures of the days that a page shows before its script is asked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from dashboard.view import charts
from lake.site.cells import Cells
from store.rollups.histogram import middle

SHOWN = 30
"""Days that are shown at first."""
ROWS = 50
"""Rows of a table."""
TONES = ("passed", "failed", "warned", "nothing")
LINES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class Share(NamedTuple):
    """The jobs of a runner, repository, event, workflow or job; None is all others."""

    name: str | None
    jobs: int
    failed: int
    seconds: int
    waits: int
    waited: int


class Figures(NamedTuple):
    """What the page of times shows."""

    days: list[date]
    runs: dict[str, list[int]]
    waits: dict[str, list[float | None]]
    times: dict[str, list[float | None]]
    tables: dict[str, list[Share]]
    wait: float | None
    time: float | None

    @property
    def run_count(self) -> int:
        """All runs."""
        return sum(sum(values) for values in self.runs.values())

    @property
    def whole(self) -> Share:
        """All jobs."""
        rows = [(0,) * 5, *(row[1:] for row in self.tables["runner"])]
        return Share("", *map(sum, zip(*rows, strict=True)))


def figures_of(cells: Cells, shown: int = SHOWN) -> Figures:
    """Return the figures of the last days."""
    first = max(len(cells.days) - shown, 0)
    days = [date.fromisoformat(text) for text in cells.days[first:]]
    runs = {tone: [0] * len(days) for tone in TONES}
    for day, _, _, tone, number in cells.runs:
        if day >= first:
            runs[tone][day - first] += number
    inside = [row for row in cells.cells if row[0] >= first]
    by_day = [[row for row in inside if row[0] == first + day] for day in range(len(days))]
    waits, times = (
        [count_spans(row[place] for row in rows) for rows in by_day] for place in (8, 9)
    )
    places = {"runner": 1, "repository": 2}
    shares = {sort: add_up(inside, place, 3, cells.names[sort]) for sort, place in places.items()}
    for sort, rows in cells.by.items():
        shares[sort] = add_up((row for row in rows if row[0] >= first), 3, 4, cells.names[sort])
    return Figures(
        days,
        {tone: values for tone, values in runs.items() if any(values)},
        percentiles(waits),
        percentiles(times),
        shares,
        charts.percentiles(sum(waits, Counter[float]()), [0.5])[0],
        charts.percentiles(sum(times, Counter[float]()), [0.5])[0],
    )


def count_spans(texts: Iterable[Sequence[int]]) -> Counter[float]:
    """Return how often each span was, of pairs of a bucket and a count."""
    counts = Counter[float]()
    for pairs in texts:
        for place in range(0, len(pairs), 2):
            counts[middle(pairs[place])] += pairs[place + 1]
    return counts


def percentiles(days: Sequence[Counter[float]]) -> dict[str, list[float | None]]:
    """Return a line for each percentile."""
    values = [charts.percentiles(counts, LINES.values()) for counts in days]
    return {name: [day[number] for day in values] for number, name in enumerate(LINES)}


def add_up(
    rows: Iterable[Sequence[Any]], name: int, begin: int, names: Sequence[str | None]
) -> list[Share]:
    """Return the sums by a name's number, the most seconds first."""
    sums: dict[int, list[int]] = {}
    for row in rows:
        total = sums.setdefault(row[name], [0] * 5)
        for place in range(5):
            total[place] += row[begin + place]
    shares = [Share(names[number], *total) for number, total in sums.items()]
    return sorted(shares, key=lambda share: (-share.seconds, share.name or ""))
