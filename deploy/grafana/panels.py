"""What a board and a panel are, and where panels stand."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

COLUMNS = 24
"""Of Grafana's grid."""


class Panel(NamedTuple):
    """One question: a statement in the words of `spelling`, and how its rows are shown.

    `page` is the path of Runledger's page of the same thing; `units` are those of single columns;
    `links` lead from a column to a page, `${__data.fields.NAME}` is a column of its row; a figure
    is red from `red_from` on; series that are parts of one whole stand on one another.
    """

    title: str
    kind: str
    description: str
    unit: str
    page: str
    sql: str
    width: int = 12
    height: int = 8
    units: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    red_from: float | None = None
    is_stacked: bool = False


class Board(NamedTuple):
    """A dashboard: `name` is its file's, and a part of its uid."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]


class Place(NamedTuple):
    """Where a panel stands on the grid."""

    x: int
    y: int


def places(panels: tuple[Panel, ...]) -> Iterator[Place]:
    """Yield a place for each panel: from left to right, in lines as high as their highest."""
    x = y = height = 0
    for panel in panels:
        if x + panel.width > COLUMNS:
            x, y, height = 0, y + height, 0
        yield Place(x, y)
        x, height = x + panel.width, max(height, panel.height)


def stat(
    title: str, description: str, unit: str, page: str, sql: str,
    red_from: float | None = None, width: int = 4,
) -> Panel:  # fmt: skip
    """Return a panel of one figure."""
    shape = Panel(title, "stat", description, unit, page, sql, width, height=4)
    return shape._replace(red_from=red_from)


def quantiles(value: str, source: str, by: str, label: str) -> str:
    """Return a statement with count, median, p95 and longest of a column, by an expression.

    The p95 is the least value that 95 % do not exceed, the same on every engine.
    """
    return (
        f"SELECT {label}, SUM(alike) AS jobs, {least(50, value)} AS p50,"
        f" {least(95, value)} AS p95, MAX({value}) AS longest\n"
        f"FROM {ranked(value, by, label, source)}\nGROUP BY {label}"
    )


def quantile(percent: int, value: str, source: str) -> str:
    """Return a statement with one quantile of a column, in seconds."""
    return f"SELECT {least(percent, value)} AS seconds\nFROM {ranked(value, '1', 'one', source)}"


def least(percent: int, value: str) -> str:
    """Return the least value of `ranked` that so many percent do not exceed."""
    return f"MIN(CASE WHEN 100 * upto >= {percent} * total THEN {value} END)"


def ranked(value: str, by: str, label: str, source: str) -> str:
    """Return each value of a column with how many are not above it, and how many there are.

    Values alike to the second are counted first: a million waits are a few thousand different
    seconds, and a window over all of them takes the most of a panel's time. Whole numbers, since
    MySQL's quotients have few digits.
    """
    return (
        f"(SELECT {label}, {value}, alike,\n"
        f"    SUM(alike) OVER (PARTITION BY {label} ORDER BY {value}) AS upto,"
        f" SUM(alike) OVER (PARTITION BY {label}) AS total\n"
        f"  FROM (SELECT {by} AS {label}, {{whole {value}}} AS {value}, COUNT(*) AS alike\n"
        f"    FROM {source}\n    GROUP BY 1, 2) counted) ranked"
    )
