"""`/figures`: how often what failed, how long main was red, how soon it was fixed, what it cost."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request

from dashboard.view import charts
from dashboard.view.charts import Chart
from dashboard.view.formats import query
from dashboard.web import filters, names, subject_names
from dashboard.web.filters import DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import minutes, rates, red_time
from store.figures.figure_days import read_days
from store.figures.minutes import Cost
from store.figures.rates import JOB, POOL, REPOSITORY, SUBJECTS, WORKFLOW, Ends
from store.figures.red_time import RedSpan
from store.reads import runs
from store.rollups.day_parts import ENDS_PART, TURNS_PART
from store.rollups.figures import DayFigures
from store.write import changed_runs

TITLE = "Figures"
blueprint = Blueprint("figures", __name__)
DAYS = 30
SHOWN = 50
VARIANTS = 50
PRICED = (REPOSITORY, WORKFLOW)
"""What minutes are told of."""
READ = {JOB: {ENDS_PART, TURNS_PART}, POOL: {TURNS_PART}}
"""What is read of jobs, by what is counted by."""
EPOCH = datetime(1970, 1, 1)


class ShownDays(NamedTuple):
    """The days that the URL asks for, and as many before them; `repoid` None is all."""

    dates: DateRange
    borders: tuple[datetime, ...]
    repoid: int | None
    days: list[DayFigures]

    @property
    def now(self) -> list[DayFigures]:
        """The figures of the days."""
        return self.days[len(self.days) // 2 :]

    @property
    def before(self) -> list[DayFigures]:
        """The figures of those before."""
        return self.days[: len(self.days) // 2]


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


def read_shown(with_jobs: Iterable[str] = ()) -> ShownDays:
    """Read the days and the repository of the URL, with what is of jobs. Raises BadFilter."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    repoid = names.read_one_repo()
    first = dates.first - timedelta(days=len(dates.days))
    borders = site().calendar.borders(first, dates.last)
    return ShownDays(
        dates, borders, repoid,
        read_days(store(), borders, repoid, frozenset(with_jobs)),
    )  # fmt: skip


def seconds_of(moment: datetime) -> int:
    """Return a time in epoch seconds."""
    return int((moment - EPOCH).total_seconds())


def list_lines(
    shown: ShownDays, by: str, spans: list[RedSpan], limit: int | None = None
) -> tuple[list[Line], Counted]:
    """Return the lines that the URL leaves, in its order, and how many of how many there are."""
    whole, before = rates.sum_ends(shown.now, by), dict[Any, Ends]()
    if filters.text("sort") == "worse":
        before = rates.sum_ends(shown.before, by)
    text, order = filters.text("q").casefold(), SORTS[filters.choice("sort", SORTS, "failed")]
    keys = sorted(whole, key=lambda key: (-whole[key].failed, -whole[key].passed, str(key)))
    keys.sort(key=lambda key: order(whole[key], before.get(key, Ends())), reverse=True)
    if text:
        every = subject_names.label_keys(by, keys)
        keys = [key for key in keys if text in every[key][0].casefold()]
    place = filters.whole("after") or 0 if limit else 0
    number, keys = Counted(len(keys), len(whole), place), keys[place:][:limit]
    before = before or rates.sum_ends(shown.before, by, keys)
    called, failed = subject_names.label_keys(by, keys), rates.count_failed(shown.now, by, keys)
    red: dict[Any, list[RedSpan]] = defaultdict(list)
    costs: dict[Any, Cost] = defaultdict(Cost)
    of_jobs = by in (JOB, POOL)
    for span in list_job_spans(shown) if of_jobs else spans:
        red[red_key(by, span)].append(span)
    if by in PRICED:
        for workflow, cost in minutes.sum_costs(shown.now, site().settings.prices).items():
            costs[subject_of(by, workflow)] = costs[subject_of(by, workflow)].plus(cost)
    middle, end = border_seconds(shown)
    lines = []
    for key in keys:
        own, (name, url) = red.get(key, []), called[key]
        lines.append(
            Line(
                name, url, whole[key], before.get(key, Ends()),
                charts.draw_small_bars(failed[key]),
                red_time.union_seconds(red_time.within(own, middle, end)) if own else None,
                red_time.median_fix(own, middle, end), costs[key] if by in PRICED else None,
            )
        )  # fmt: skip
    return lines, number


def subject_of(by: str, workflow: str) -> Any:
    """Return the line of the table that a workflow belongs to."""
    return rates.repo_of(workflow) if by == REPOSITORY else workflow


def red_key(by: str, span: RedSpan) -> Any:
    """Return the line of the table that a red time belongs to."""
    if by in PRICED:
        return subject_of(by, span.key)
    return span.key if by == JOB else span.tag or "unknown"


def border_seconds(shown: ShownDays) -> tuple[int, int]:
    """Return the begin and the end of the days, in epoch seconds; the end is no later than now."""
    middle = shown.borders[len(shown.days) // 2]
    return seconds_of(middle), seconds_of(min(shown.borders[-1], g.now))


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


def sum_figures(shown: ShownDays, spans: list[RedSpan]) -> dict[str, list[Any]]:
    """Return what the page begins with, now and in the days before."""
    middle, end = border_seconds(shown)
    halves = ((middle, end), (seconds_of(shown.borders[0]), middle))
    prices, parts = site().settings.prices, (shown.now, shown.before)
    ends = [rates.sum_all(part) for part in parts]
    costs = [minutes.sum_all(part, prices) for part in parts]
    return {
        "rate": [end.rate for end in ends],
        "runs": ends,
        "fix": [red_time.median_fix(spans, *half) for half in halves],
        "red": [red_time.union_seconds(red_time.within(spans, *half)) for half in halves],
        "minutes": [cost.minutes for cost in costs],
        "price": [cost.price for cost in costs],
        "currency": [prices.currency, prices.date],
    }


def list_spans(shown: ShownDays) -> list[RedSpan]:
    """Return the red times of all that was read."""
    return red_time.list_red_spans(shown.days, border_seconds(shown)[1])


def list_job_spans(shown: ShownDays) -> list[RedSpan]:
    """Return the red times of the jobs that were read."""
    return red_time.list_red_jobs(shown.days, border_seconds(shown)[1])


@blueprint.get("/figures")
def show() -> str:
    """Return the figures, with a table by what the URL chooses."""
    by = filters.choice("by", SUBJECTS, "repository")
    shown = read_shown(READ.get(by, ()))
    spans = list_spans(shown)
    lines, counted = list_lines(shown, by, spans, SHOWN)
    kept = {name: value for name, value in request.args.items() if name not in ("by", "after")}
    after = counted.place + SHOWN
    repos = runs.list_repos(store())
    return render_page(
        "figures.html", TITLE, chosen=shown, by=by, subjects=list(SUBJECTS),
        figures=sum_figures(shown, spans), lines=lines, counted=counted,
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
    shown = read_shown(READ.get(by, ()))
    titles = (by, "passed", "failed", "rate", "rate before", "red hours", "hours to fix",
              "billed minutes", "price")  # fmt: skip
    lines = [
        (
            line.name, line.ends.passed, line.ends.failed, decimals(line.ends.rate, 4),
            decimals(line.before.rate, 4), decimals(line.red and line.red / 3600, 2),
            decimals(line.fix and line.fix / 3600, 2), line.cost and line.cost.minutes,
            line.cost and decimals(line.cost.price, 2),
        )
        for line in list_lines(shown, by, list_spans(shown))[0]
    ]  # fmt: skip
    return csv_response(f"figures-{by}", titles, lines)


def decimals(value: float | None, places: int) -> float | None:
    """Return a figure with as many decimals as it is worth."""
    return None if value is None else round(value, places)
