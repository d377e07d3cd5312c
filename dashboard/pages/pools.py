"""`/pools`: runners by their labels and group: what they did, how many at once, waits and cost."""

from flask import Blueprint, Response, request

from dashboard.pages import figures
from dashboard.view import charts
from dashboard.view.formats import query
from dashboard.web import names
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


@blueprint.get("/pools")
def show() -> str:
    """Return the pools, with the most job time first."""
    shown, prices = figures.read_shown("pool"), site().settings.prices
    pools = minutes.sum_pools(shown.now, prices)
    before = {(pool.pool, pool.system): pool for pool in minutes.sum_pools(shown.before, prices)}
    return render_page(
        "pools.html", TITLE, chosen=shown, prices=prices, total=minutes.sum_all(shown.now, prices),
        pools=[(pool, waits_of(pool), before.get((pool.pool, pool.system))) for pool in pools],
        waits_of=waits_of, pool_name=figures.pool_name, repos=runs.list_repos(store()),
        kept=dict(request.args.items()), has_runs=runs.has_runs(store()),
        namesakes=names.list_namesakes(shown.repoid),
        variants=[("all", query("/pools"))],
    )  # fmt: skip


@blueprint.get("/pools.csv")
def download() -> Response:
    """Return the pools as CSV."""
    shown = figures.read_shown("pool")
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
        for pool in minutes.sum_pools(shown.now, site().settings.prices)
    ]  # fmt: skip
    return csv_response("pools", titles, lines)
