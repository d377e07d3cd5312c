"""Pure: figures of days -> billed minutes, what they cost, and how much pools of runners did."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from config.prices import Prices
from store.rollups import histogram
from store.rollups.figures import DayFigures


class Cost(NamedTuple):
    """Job time, minutes rounded up for each job, those times their multiplier, and their price.

    The last two are of hosted runners alone.
    """

    seconds: float = 0.0
    minutes: int = 0
    counted: float = 0.0
    price: float = 0.0

    def plus(self, other: "Cost") -> "Cost":
        """Return both together."""
        return Cost(
            self.seconds + other.seconds,
            self.minutes + other.minutes,
            self.counted + other.counted,
            self.price + other.price,
        )


class PoolUse(NamedTuple):
    """What a pool of runners did in some days; `mean` is how many jobs it ran at once, by time."""

    pool: str
    group: str
    labels: tuple[str, ...]
    system: str | None
    hosted: str | None
    jobs: int
    passed: int
    failed: int
    cost: Cost
    most: int
    mean: float
    waits: Counter[int]


def cost_of(pool: str, seconds: float, minutes: int, prices: Prices) -> Cost:
    """Return what minutes on a pool cost."""
    price = prices.price_of(orjson.loads(pool)[1])
    if price is None:
        return Cost(seconds, minutes)
    return Cost(seconds, minutes, minutes * price.multiplier, minutes * price.price)


def price_costs(totals: Mapping[tuple[str, str], int], prices: Prices) -> dict[str, Cost]:
    """Return the minutes of each workflow and what they cost; job time is that of pools alone.

    `totals` has them by workflow and pool.
    """
    costs: dict[str, Cost] = defaultdict(Cost)
    for (workflow, pool), minutes in totals.items():
        costs[workflow] = costs[workflow].plus(cost_of(pool, 0.0, minutes, prices))
    return dict(costs)


def sum_pools(days: Sequence[DayFigures], prices: Prices) -> list[PoolUse]:
    """Return the pools, with the most job time first."""
    sums: dict[tuple[str, str | None], list[Any]] = defaultdict(lambda: [0, 0, 0, 0.0, 0])
    most: Counter[Any] = Counter()
    waits: dict[Any, Counter[int]] = defaultdict(Counter)
    for day in days:
        for pool, system, *counts, peak, waited in day.pools:
            key = (pool, system)
            sums[key] = [one + two for one, two in zip(sums[key], counts, strict=True)]
            most[key] = max(most[key], peak)
            waits[key].update(histogram.from_text(waited))
    span = max(len(days), 1) * 86_400
    pools = []
    for (pool, system), (jobs, passed, failed, seconds, minutes) in sums.items():
        group, labels = orjson.loads(pool)
        price, key = prices.price_of(labels), (pool, system)
        cost = cost_of(pool, seconds, minutes, prices)
        pools.append(
            PoolUse(
                pool, group, tuple(labels), system, price and price.name, jobs, passed, failed,
                cost, most[key], seconds / span, waits[key],
            )
        )  # fmt: skip
    return sorted(pools, key=lambda use: (-use.cost.seconds, use.pool, use.system or ""))


def sum_all(days: Sequence[DayFigures], prices: Prices) -> Cost:
    """Return what all pools cost together."""
    totals: dict[str, list[Any]] = defaultdict(lambda: [0.0, 0])
    for day in days:
        for pool, _, _, _, _, seconds, minutes, *_ in day.pools:
            own = totals[pool]
            own[:] = own[0] + seconds, own[1] + minutes
    total = Cost()
    for pool, (seconds, minutes) in totals.items():
        total = total.plus(cost_of(pool, seconds, minutes, prices))
    return total
