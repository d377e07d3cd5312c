"""`/pools`: runners by their labels and group: what they did, how many at once, waits and cost."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from dashboard.pages import figures
from dashboard.view import charts
from dashboard.view.formats import query
from dashboard.web import filters, names, subject_names
from dashboard.web.request import csv_response, render_page, site, store
from store.figures import minutes
from store.figures.minutes import PoolUse
from store.reads import runs
from store.rollups import histogram

TITLE = figures.TITLE
blueprint = Blueprint("pools", __name__)
SHARES = (0.5, 0.9)


def waits_of(pool: PoolUse) -> list[float | None]:
    """Return the median and p90 of a pool's waits."""
    counts = {histogram.middle(bucket): number for bucket, number in pool.waits.items()}
    return charts.percentiles(counts, SHARES)


SORTS: dict[str, Callable[[PoolUse], float]] = {
    "time": lambda pool: pool.cost.seconds,
    "jobs": lambda pool: pool.jobs,
    "failed": lambda pool: pool.failed / max(pool.passed + pool.failed, 1),
    "wait": lambda pool: waits_of(pool)[0] or 0.0,
    "once": lambda pool: pool.most,
    "price": lambda pool: pool.cost.price,
}
"""What the list is ordered by, the most first."""


def list_pools(shown: figures.ShownDays) -> tuple[list[PoolUse], int]:
    """Return the pools that the URL leaves, in its order, of how many. Raises BadFilter."""
    text, order = filters.text("q").casefold(), SORTS[filters.choice("sort", SORTS, "time")]
    used = minutes.sum_pools(shown.now, site().settings.prices)
    every = [pool for pool in used if pool.jobs]  # others were asked for by what never ran
    pools = [pool for pool in every if text in name_use(pool).casefold()]
    return sorted(pools, key=order, reverse=True), len(every)


def name_use(pool: PoolUse) -> str:
    """Return what to look for in a line: labels, group, system, and whose runners they are."""
    return f"{subject_names.pool_name(pool.pool)} {pool.system or ''} {pool.hosted or 'own'}"


@blueprint.get("/pools")
def show() -> str:
    """Return the pools, with the most job time first unless asked otherwise."""
    shown, prices = figures.read_shown(), site().settings.prices
    pools, whole = list_pools(shown)
    before = {(pool.pool, pool.system): pool for pool in minutes.sum_pools(shown.before, prices)}
    return render_page(
        "pools.html", "Runner pools", chosen=shown, prices=prices,
        total=minutes.sum_all(shown.now, prices),
        pools=[(pool, waits_of(pool), before.get((pool.pool, pool.system))) for pool in pools],
        waits_of=waits_of, pool_name=subject_names.pool_name, repos=runs.list_repos(store()),
        kept=dict(request.args.items()), whole=whole, sorts=SORTS, has_runs=runs.has_runs(store()),
        namesakes=names.list_namesakes(shown.repoid),
        variants=[("all", query("/pools"))],
    )  # fmt: skip


@blueprint.get("/pools.csv")
def download() -> Response:
    """Return the pools as CSV."""
    shown = figures.read_shown()
    titles = (
        "labels group system hosted jobs failed minutes billed_minutes counted_minutes price"
        " most_at_once mean_at_once wait_median wait_p90"
    ).split()
    lines = [
        (
            " ".join(pool.labels), pool.group, pool.system, pool.hosted, pool.jobs, pool.failed,
            round(pool.cost.seconds / 60, 2), pool.cost.minutes, pool.cost.counted,
            round(pool.cost.price, 2), pool.most, round(pool.mean, 3),
            *(figures.decimals(value, 1) for value in waits_of(pool)),
        )
        for pool in list_pools(shown)[0]
    ]  # fmt: skip
    return csv_response("pools", titles, lines)
