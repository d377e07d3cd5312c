"""Draw the pages; all that the lake holds is text in them, never markup."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.view import charts, formats
from dashboard.view.charts import Chart, Point
from lake.site.cells import Cells
from lake.site.lists import (
    DAYS,
    MOST,
    Error,
    FlakyJob,
    MainBranch,
    Span,
    State,
    unit_of,
)
from lake.site.shown_figures import ROWS, TONES, Figures

HERE = Path(__file__).resolve().parent
TITLES = {
    "index": "Time",
    "main": "Main now",
    "errors": "Errors",
    "flakes": "Flakes",
    "history": "History",
}
"""The pages, each of a template of its name."""
NAMES = {
    "passed": "passed",
    "failed": "failed",
    "warned": "cancelled or other",
    "nothing": "skipped",
}
FILTERS = ("number", "span", "https", "night", "short", "ended", "first_line")


def utc(moment: datetime) -> str:
    """Return a time as the pages write it."""
    return f"{moment:%Y-%m-%d %H:%M}"


class Verdict(NamedTuple):
    """What the head of each page says of the default branches."""

    tone: str
    text: str


def environment() -> Environment:
    """Return the templates, with the filters that those of the dashboard have."""
    made = Environment(
        loader=FileSystemLoader(
            [HERE / "templates", HERE.parent.parent / "dashboard" / "templates"]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=formats.known,
    )
    # The macros are the dashboard's: a filter that they name must be there.
    for name in FILTERS:
        made.filters[name] = getattr(formats, name)
    made.filters["local"] = made.filters["exact"] = utc
    made.globals.update(tone=formats.tone, count=formats.count, titles=TITLES, names=NAMES)
    return made


def draw_pages(
    state: State,
    branches: Sequence[MainBranch],
    errors: Sequence[Error],
    flakes: Sequence[FlakyJob],
    history: Sequence[Span],
    cells: Cells | None,
    figures: Figures | None,
) -> dict[str, str]:
    """Return the pages by the names of their files."""
    templates = environment()
    values: dict[str, Any] = {
        "state": state,
        "branches": branches[:MOST],
        "left": max(len(branches) - MOST, 0),
        "errors": errors,
        "flakes": flakes,
        "history": history,
        "days": DAYS,
        "rows": ROWS,
        "cells": cells,
        "figures": figures,
        "unit": unit_of(state),
        "verdict": judge(branches),
        "written": datetime.now(UTC),
    }
    if figures:
        values["runs_chart"], values["waits_chart"], values["times_chart"] = draw_days(figures)
    if history:
        values["history_charts"] = draw_history(history)
    return {
        f"{page}.html": templates.get_template(f"{page}.html").render(page=page, **values)
        for page in TITLES
    }


def judge(branches: Sequence[MainBranch]) -> Verdict:
    """Return whether default branches are red."""
    red = sum(branch.conclusion != "success" for branch in branches)
    if not branches:
        return Verdict("nothing", "No default branch yet")
    if red:
        return Verdict("failed", f"{formats.count(red, 'workflow')} red on main")
    return Verdict("passed", "Main is green")


def draw_days(figures: Figures) -> tuple[Chart, Chart, Chart]:
    """Return the charts of the days."""
    points = charts.day_points(figures.days)
    return (
        charts.draw_bars(points, figures.runs, NAMES, "no runs"),
        charts.draw_lines(points, figures.waits),
        charts.draw_lines(points, figures.times),
    )


def draw_history(history: Sequence[Span]) -> tuple[Chart, Chart]:
    """Return the charts of all weeks or months: runs, and the medians of waits and run times."""
    points = [Point(f"{one.begin:%b %Y}", f"from {one.begin}") for one in history]
    runs = {tone: [one.counts.get(tone, 0) for one in history] for tone in TONES}
    lines = {"p50": [one.time for one in history], "p90": [one.wait for one in history]}
    return charts.draw_bars(points, runs, NAMES, "no runs"), charts.draw_lines(points, lines)
