"""`/figures`: how often what failed, how long main was red, how soon it was fixed, what it cost."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.view import charts
from dashboard.view.charts import Chart
from dashboard.view.formats import query
from dashboard.web import filters, names, subject_names
from dashboard.web.filters import DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import minutes, rates, shown_days
from store.figures.end_counts import EndCounts
from store.figures.minutes import Cost
from store.figures.rates import EVENT, JOB, POOL, REPOSITORY, SUBJECTS, WORKFLOW, Ends
from store.figures.red_days import sum_red
from store.figures.red_sums import NOTHING, Halves, RedSums, RedTables, seconds_of
from store.figures.red_time import RedSpan
from store.figures.shown_days import ShownFigures
from store.reads import runs
from store.rollups.figures import DayFigures
from store.write import changed_runs

TITLE = "Figures"
blueprint = Blueprint("figures", __name__)
DAYS = 30
SHOWN = 50
VARIANTS = 50
PRICED = (REPOSITORY, WORKFLOW)
"""What minutes are told of."""
WHOLE = "all"
"""What is counted by where everything is one line."""
JOB_TABLES, FLOW_TABLES = (JOB, POOL), (WHOLE, REPOSITORY, WORKFLOW, EVENT)
"""Whose red times are those of jobs, and those of workflows."""


class ShownDays(NamedTuple):
    """The days that the URL asks for, and as many before them; `repoid` None is all.

    `short` has of each what is not of jobs, costs and red times; `red` those of jobs or workflows.
    """

    dates: DateRange
    borders: tuple[datetime, ...]
    repoid: int | None
    figures: ShownFigures
    short: list[DayFigures]
    red: dict[bool, RedTables]

    @property
    def now(self) -> list[DayFigures]:
        """The days."""
        return self.short[len(self.short) // 2 :]

    @property
    def before(self) -> list[DayFigures]:
        """Those before."""
        return self.short[: len(self.short) // 2]

    @property
    def halves(self) -> Halves:
        """The borders of those before and of the days, in epoch seconds, up to now."""
        middle = seconds_of(self.borders[len(self.short) // 2])
        end = seconds_of(min(self.borders[-1], g.now))
        return (seconds_of(self.borders[0]), middle), (middle, end)

    def sum_red(self, by: str) -> RedSums:
        """Return the red times of both, by lines of the table."""
        of_jobs = by in JOB_TABLES
        if of_jobs not in self.red:
            tables = JOB_TABLES if of_jobs else FLOW_TABLES
            keys = {table: partial(red_key, table) for table in tables}
            self.red[of_jobs] = sum_red(self.figures, self.halves, keys, of_jobs=of_jobs)
        return self.red[of_jobs].sum_table(by)


class Line(NamedTuple):
    """A line of the table: a name with its page, its ends now and before, its trend."""

    name: str
    url: str
    ends: Ends
    before: Ends
    trend: str
    red: float | None
    fix: float | None
    cost: Cost | None


class Counted(NamedTuple):
    """How many lines a filter leaves, of how many, and how many stand before those shown."""

    matching: int
    whole: int
    place: int


SORTS: dict[str, Callable[[Ends, Ends], float]] = {
    "failed": lambda ends, _: ends.failed,
    "rate": lambda ends, _: ends.rate or 0.0,
    "worse": lambda ends, before: (ends.rate or 0.0) - (before.rate or 0.0),
    "most": lambda ends, _: ends.passed + ends.failed,
}
"""What the table is ordered by, of now and before, the most first."""


def read_shown() -> ShownDays:
    """Read the days and the repository of the URL. Raises BadFilter."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    repoid = names.read_one_repo()
    first = dates.first - timedelta(days=len(dates.days))
    borders = site().calendar.borders(first, dates.last)
    figures = shown_days.read_shown(store(), borders, repoid)
    return ShownDays(dates, borders, repoid, figures, figures.read_short(), {})


def list_lines(shown: ShownDays, by: str, limit: int | None = None) -> tuple[list[Line], Counted]:
    """Return the lines that the URL leaves, in its order, and how many of how many there are."""
    counts = EndCounts(shown.figures, shown.short, by)
    whole, before = counts.now(), dict[Any, Ends]()
    if filters.text("sort") == "worse":
        before = counts.before()
    text, order = filters.text("q").casefold(), SORTS[filters.choice("sort", SORTS, "failed")]
    keys = sorted(whole, key=lambda key: (-whole[key].failed, -whole[key].passed, str(key)))
    keys.sort(key=lambda key: order(whole[key], before.get(key, Ends())), reverse=True)
    if text:
        every = subject_names.name_keys(by, keys)
        keys = [key for key in keys if text in every[key].casefold()]
    place = filters.whole("after") or 0 if limit else 0
    number, keys = Counted(len(keys), len(whole), place), keys[place:][:limit]
    before = before or counts.before(keys)
    called, failed = subject_names.label_keys(by, keys), counts.failed(keys)
    costs: dict[Any, Cost] = defaultdict(Cost)
    if by in PRICED:
        billed = shown.figures.part(len(shown.before), len(shown.short)).sum_costs()
        shown_keys = set(keys)
        own = {key: n for key, n in billed.items() if subject_of(by, key[0]) in shown_keys}
        for workflow, cost in minutes.price_costs(own, site().settings.prices).items():
            costs[subject_of(by, workflow)] = costs[subject_of(by, workflow)].plus(cost)
    red = shown.sum_red(by)
    lines = []
    for key in keys:
        (name, url), times = called[key], red.find(key)
        lines.append(
            Line(
                name, url, whole[key], before.get(key, Ends()),
                charts.draw_small_bars(failed[key]),
                times[1].seconds if times else None, times[1].fix if times else None,
                costs[key] if by in PRICED else None,
            )
        )  # fmt: skip
    return lines, number


def subject_of(by: str, workflow: str) -> Any:
    """Return the line of the table that a workflow belongs to."""
    return rates.repo_of(workflow) if by == REPOSITORY else workflow


def red_key(by: str, span: RedSpan) -> Any:
    """Return the line of the table that a red time belongs to: of no table, the one of all."""
    if by == WHOLE:
        return WHOLE
    if by in PRICED:
        return subject_of(by, span.key)
    return span.key if by == JOB else span.tag or "unknown"


def draw_failures(shown: ShownDays) -> Chart:
    """Return the failed runs of each day; each day leads to them."""
    days = [rates.sum_all([day]) for day in shown.now]
    points = charts.day_points(shown.dates.days)
    drawn = charts.draw_bars(
        points, {"failed": [day.failed for day in days]}, {"failed": "failed"}, "none failed"
    )
    chosen = {name: request.args[name] for name in ("repo", "repoid") if name in request.args}
    columns = []
    for column, day, when in zip(drawn.columns, days, shown.dates.days, strict=True):
        url = query("/runs", conclusion="failed", since=when, until=when, **chosen)
        rate = f" of {day.passed + day.failed} ({day.rate:.1%})" if day.rate is not None else ""
        columns.append(column._replace(url=url, text=column.text + rate))
    return drawn._replace(columns=tuple(columns))


def sum_figures(shown: ShownDays) -> dict[str, list[Any]]:
    """Return what the page begins with, now and in the days before."""
    prices, parts = site().settings.prices, (shown.now, shown.before)
    ends = [rates.sum_all(part) for part in parts]
    costs = [minutes.sum_all(part, prices) for part in parts]
    before, now = shown.sum_red(WHOLE).find(WHOLE) or (NOTHING, NOTHING)
    return {
        "rate": [end.rate for end in ends],
        "runs": ends,
        "fix": [now.fix, before.fix],
        "red": [now.seconds, before.seconds],
        "minutes": [cost.minutes for cost in costs],
        "price": [cost.price for cost in costs],
        "currency": [prices.currency, prices.date],
    }


@blueprint.get("/figures")
def show() -> str:
    """Return the figures, with a table by what the URL chooses."""
    by = filters.choice("by", SUBJECTS, "repository")
    shown = read_shown()
    lines, counted = list_lines(shown, by, SHOWN)
    kept = {name: value for name, value in request.args.items() if name not in ("by", "after")}
    after = counted.place + SHOWN
    repos = names.list_repos()
    return render_page(
        "figures.html", TITLE, chosen=shown, by=by, subjects=list(SUBJECTS),
        figures=sum_figures(shown), lines=lines, counted=counted,
        sorts=SORTS, after=after if after < counted.matching else None, has_any=bool(shown.now),
        chart=draw_failures(shown), days=shown.dates.days, repos=repos,
        kept=kept, prices=site().settings.prices,
        pending=changed_runs.pending_runs(store()), has_runs=runs.has_runs(store()),
        namesakes=names.list_namesakes(shown.repoid),
        variants=[(name, query("/figures", by=name)) for name in SUBJECTS]
        + names.list_variants("/figures", repos[:VARIANTS]),
    )  # fmt: skip


@blueprint.get("/figures.csv")
def download() -> Response:
    """Return the table as CSV."""
    by = filters.choice("by", SUBJECTS, "repository")
    shown = read_shown()
    titles = (by, "passed", "failed", "rate", "rate before", "red hours", "hours to fix",
              "billed minutes", "price")  # fmt: skip
    lines = [
        (
            line.name, line.ends.passed, line.ends.failed, decimals(line.ends.rate, 4),
            decimals(line.before.rate, 4), decimals(line.red and line.red / 3600, 2),
            decimals(line.fix and line.fix / 3600, 2), line.cost and line.cost.minutes,
            line.cost and decimals(line.cost.price, 2),
        )
        for line in list_lines(shown, by)[0]
    ]  # fmt: skip
    return csv_response(f"figures-{by}", titles, lines)


def decimals(value: float | None, places: int) -> float | None:
    """Return a figure with as many decimals as it is worth."""
    return None if value is None else round(value, places)
