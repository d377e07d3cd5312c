"""The figures of days for a page that is about many of them: each part is read when asked for.

Of days with a roll-up what they add up to is kept by blocks of days, and red times up to a border,
beside what is told of each day (store.rollups.kept_spans).
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import Connection

from store.figures import figure_days
from store.figures.job_ends import JobBlock, add_up_jobs, find_places
from store.figures.job_medians import MedianBlock, add_up_medians
from store.figures.rates import WORKFLOW, Ends, merge_ends, sum_ends
from store.reads.months import RolledDay, list_rolled_days
from store.rollups.count_figures import count_figures
from store.rollups.day_parts import ENDS_PART
from store.rollups.figures import ALL, DayFigures, from_text, medians_from_text
from store.rollups.kept_spans import (
    Made,
    Said,
    add_up_kept,
    read_kept,
)

FLOW, LINE = 6, 20
"""About the characters of what is kept of a workflow on a day, and of a line of a sum."""
Costs = Counter[tuple[str, str]]
"""Billed minutes by workflow and pool."""


class Figured(NamedTuple):
    """A day: its roll-up, or what was counted instead."""

    begin: datetime
    rolled: RolledDay | None
    counted: DayFigures | None


class ShownFigures:
    """Days that follow each other, of a repository or of all."""

    def __init__(self, connection: Connection, number: int, days: Sequence[Figured]) -> None:
        self.connection, self.number, self.days = connection, number, days

    def __len__(self) -> int:
        return len(self.days)

    def part(self, first: int, after: int) -> "ShownFigures":
        """Return some of the days."""
        return ShownFigures(self.connection, self.number, self.days[first:after])

    def list_made(self) -> list[RolledDay]:
        """Return the days with a roll-up."""
        return [day.rolled for day in self.days if day.rolled is not None]

    def read_short(self) -> list[DayFigures]:
        """Return the days without what is told of jobs, costs and turns."""
        made = self.read_made_short(self.list_made())
        return [day.counted or made[day.begin] for day in self.days]

    def read_made_short(self, days: Sequence[Made]) -> dict[datetime, DayFigures]:
        """Return those of days with a roll-up, by their begins."""

        def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
            texts = figure_days.list_figure_texts(self.connection, begins, self.number)
            short = {begin: shorten(from_text(text, with_medians=False)) for begin, text in texts}
            return {
                begin: Said(day, FLOW * len(day.flows) + len(str(day.pools)))
                for begin, day in short.items()
            }

        return read_kept(self.connection, days, ("short", self.number), read)

    def sum_flow_ends(self) -> dict[str, Ends]:
        """Return how many runs passed and failed, by workflow."""

        def add_up(days: Sequence[Made]) -> Said:
            ends = sum_ends(list(self.read_made_short(days).values()), WORKFLOW)
            return Said(ends, LINE * len(ends))

        blocks = self.add_up(
            ("flow ends", self.number), add_up, lambda day: sum_ends([day], WORKFLOW)
        )
        return merge_ends(itertools.chain.from_iterable(block.items() for block in blocks))

    def sum_costs(self) -> Costs:
        """Return the billed minutes of workflows, by pool."""

        def add_up(days: Sequence[Made]) -> Said:
            begins = [day.begin for day in days]
            texts = figure_days.list_figure_texts(self.connection, begins, self.number)
            costs = add_costs(from_text(text, with_medians=False) for _, text in texts)
            return Said(costs, LINE * len(costs))

        total: Costs = Counter()
        for costs in self.add_up(("costs", self.number), add_up, lambda day: add_costs([day])):
            total.update(costs)
        return total

    def list_job_blocks(self) -> list[JobBlock]:
        """Return how jobs ended, by blocks of days that follow each other."""
        places = find_places(self.connection, self.number)

        def add_up(days: Sequence[Made]) -> Said:
            begins = [day.begin for day in days]
            texts = figure_days.list_part_texts(self.connection, begins, ENDS_PART, self.number)
            block = add_up_jobs((figure_days.decode_ends(text) for _, text in texts), places)
            return Said(block, block.size)

        return self.add_up(
            ("ends", self.number), add_up, lambda day: add_up_jobs([day.ends], places)
        )

    def list_median_blocks(self) -> list[MedianBlock]:
        """Return the median run times of jobs, by blocks of days that follow each other."""
        places = find_places(self.connection, self.number)

        def add_up(days: Sequence[Made]) -> Said:
            begins = [day.begin for day in days]
            texts = figure_days.list_figure_texts(self.connection, begins, self.number)
            block = add_up_medians((medians_from_text(text) for _, text in texts), places)
            return Said(block, block.size)

        return self.add_up(
            ("medians", self.number), add_up, lambda day: add_up_medians([day.medians], places)
        )

    def add_up(
        self,
        subject: Any,
        add_up: Callable[[Sequence[Made]], Said],
        of_counted: Callable[[DayFigures], Any],
    ) -> list[Any]:
        """Return what blocks of the days add up to, in order."""
        sums: list[Any] = []
        for is_made, part in itertools.groupby(self.days, lambda day: day.rolled is not None):
            days = list(part)
            if is_made:
                made = [day.rolled for day in days if day.rolled]
                sums += add_up_kept(self.connection, made, subject, add_up)
            else:
                sums += [of_counted(day.counted) for day in days if day.counted]
        return sums


def shorten(day: DayFigures) -> DayFigures:
    """Return a day without costs and turns, and names as the other days have them."""
    flows = [intern(flow) for flow in day.flows]
    return replace(day, flows=flows, costs=[[], [], []], tags=[], red=[], green=[[], []])


def add_costs(days: Iterable[DayFigures]) -> Costs:
    """Return the billed minutes of days by workflow and pool."""
    totals: Costs = Counter()
    for day in days:
        flows, pools = day.flows, [pool[0] for pool in day.pools]
        for flow, pool, minutes in zip(*day.costs, strict=True):
            totals[flows[flow], pools[pool]] += minutes
    return totals


def read_shown(
    connection: Connection, borders: Sequence[datetime], repoid: int | None = None
) -> ShownFigures:
    """Return the days between borders, of a repository or of all."""
    number = ALL if repoid is None else repoid
    rolled = {
        (day.begin, day.end): day for day in list_rolled_days(connection, borders[0], borders[-1])
    }
    days = [
        Figured(span[0], rolled[span], None)
        if span in rolled
        else Figured(span[0], None, count_figures(connection, *span).get(number, DayFigures()))
        for span in itertools.pairwise(borders)
    ]
    return ShownFigures(connection, number, days)
