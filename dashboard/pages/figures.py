"""`/figures`: how often what failed, how long main was red, how soon it was fixed, what it cost."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from flask import Blueprint, Response, g, request

from dashboard.view import charts
from dashboard.view.charts import Chart
from dashboard.view.formats import query
from dashboard.web import filters, links, names
from dashboard.web.filters import DateRange
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import minutes, rates, red_time
from store.figures.figure_days import read_days
from store.figures.minutes import Cost
from store.figures.rates import SUBJECTS, Ends
from store.figures.red_time import RedSpan
from store.reads import runs
from store.reads.shown_names import label_workflows
from store.rollups.figures import Rows
from store.write import changed_runs

TITLE = "Figures"
blueprint = Blueprint("figures", __name__)
DAYS = 30
SHOWN = 50
VARIANTS = 50
OF_RUNS = ("repository", "workflow")
EPOCH = datetime(1970, 1, 1)


class ShownDays(NamedTuple):
    """The days that the URL asks for, and as many before them; `repoid` None is all."""

    dates: DateRange
    borders: tuple[datetime, ...]
    repoid: int | None
    days: list[Rows]

    @property
    def now(self) -> list[Rows]:
        """The figures of the days."""
        return self.days[len(self.days) // 2 :]

    @property
    def before(self) -> list[Rows]:
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


def read_shown(by: str) -> ShownDays:
    """Read the days and the repository of the URL. Raises BadFilter."""
    dates = filters.date_range(site().calendar, g.now, DAYS)
    repoid = names.read_repo()
    first = dates.first - timedelta(days=len(dates.days))
    borders = site().calendar.borders(first, dates.last)
    return ShownDays(
        dates, borders, repoid, read_days(store(), borders, repoid, with_jobs=by == "job")
    )


def seconds_of(moment: datetime) -> int:
    """Return a time in epoch seconds."""
    return int((moment - EPOCH).total_seconds())


def list_lines(
    shown: ShownDays, by: str, spans: list[RedSpan], limit: int | None = None
) -> tuple[list[Line], int]:
    """Return the lines of the table, what failed most often first, and how many there are."""
    whole, before = rates.sum_ends(shown.now, by), rates.sum_ends(shown.before, by)
    keys = sorted(whole, key=lambda key: (-whole[key].failed, -whole[key].passed, str(key)))
    number, keys = len(keys), keys[:limit]
    called, failed = label_keys(by, keys), rates.count_failed(shown.now, by, keys)
    red: dict[Any, list[RedSpan]] = defaultdict(list)
    costs: dict[Any, Cost] = defaultdict(Cost)
    if by in OF_RUNS:
        for span in spans:
            red[subject_of(by, span.workflow)].append(span)
        for workflow, cost in minutes.sum_costs(shown.now, site().settings.prices).items():
            costs[subject_of(by, workflow)] = costs[subject_of(by, workflow)].plus(cost)
    middle, end = border_seconds(shown)
    lines = []
    for key in keys:
        own = red[key]
        name, url = called[key]
        lines.append(
            Line(
                name, url, whole[key], before.get(key, Ends()),
                charts.draw_small_bars(failed[key]),
                red_time.union_seconds(red_time.within(own, middle, end)) if own else None,
                red_time.median_fix(own, middle, end), costs[key] if by in OF_RUNS else None,
            )
        )  # fmt: skip
    return lines, number


def subject_of(by: str, workflow: str) -> Any:
    """Return the line of the table that a workflow belongs to."""
    return rates.repo_of(workflow) if by == "repository" else workflow


def border_seconds(shown: ShownDays) -> tuple[int, int]:
    """Return the begin and the end of the days, in epoch seconds; the end is no later than now."""
    middle = shown.borders[len(shown.days) // 2]
    return seconds_of(middle), seconds_of(min(shown.borders[-1], g.now))


def label_keys(by: str, keys: list[Any]) -> dict[Any, tuple[str, str]]:
    """Return what to call the lines of the table, and where they lead."""
    if by == "event":
        return {key: (key, query("/runs", event=key)) for key in keys}
    if by == "pool":
        return {key: (pool_name(key), "/pools") for key in keys}
    repos = {repo.Id: repo.name for repo in runs.list_repos(store())}
    if by == "repository":
        return {
            key: (
                names.repo_label(key, repos.get(key, "unknown")),
                query("/figures", by="workflow", **names.repo_filter(key, repos.get(key, ""))),
            )
            for key in keys
        }
    return label_flows(keys, repos)


def label_flows(keys: list[Any], repos: dict[int, str]) -> dict[Any, tuple[str, str]]:
    """Return what to call workflows, or jobs of workflows, and their pages."""
    flows = {key: orjson.loads(key[0] if isinstance(key, tuple) else key) for key in keys}
    labels = label_workflows(store(), {(flow[0], flow[1]): flow[2] for flow in flows.values()})
    named = {}
    for key, (repoid, known, called) in flows.items():
        repo, gitid = repos.get(repoid, "unknown"), known if isinstance(known, int) else None
        label = f"{names.repo_label(repoid, repo)} · {labels[repoid, known]}"
        if isinstance(key, tuple):
            url = links.job_page(repoid, repo, gitid, called, key[1])
            named[key] = (f"{key[1]} · {label}", url)
        else:
            named[key] = (label, links.workflow_page(repoid, repo, gitid, called))
    return named


def pool_name(pool: str) -> str:
    """Return what to call a pool of runners."""
    group, labels = orjson.loads(pool)
    return f"{', '.join(labels) or 'no labels'}{f' ({group})' if group else ''}"


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


@blueprint.get("/figures")
def show() -> str:
    """Return the figures, with a table by what the URL chooses."""
    by = filters.choice("by", SUBJECTS, "repository")
    shown = read_shown(by)
    spans = list_spans(shown)
    lines, whole = list_lines(shown, by, spans, SHOWN)
    repos = runs.list_repos(store())
    return render_page(
        "figures.html", TITLE, chosen=shown, by=by, subjects=list(SUBJECTS),
        figures=sum_figures(shown, spans), lines=lines, whole=whole,
        chart=draw_failures(shown), days=shown.dates.days, repos=repos,
        kept={name: value for name, value in request.args.items() if name != "by"},
        pending=changed_runs.pending_runs(store()), has_runs=runs.has_runs(store()),
        namesakes=names.list_namesakes(shown.repoid),
        variants=[(name, query("/figures", by=name)) for name in SUBJECTS]
        + names.list_variants("/figures", repos[:VARIANTS]),
    )  # fmt: skip


@blueprint.get("/figures.csv")
def download() -> Response:
    """Return the table as CSV."""
    by = filters.choice("by", SUBJECTS, "repository")
    shown = read_shown(by)
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
