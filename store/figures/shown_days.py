"""The figures of days for a page that is about many of them: each part is read when asked for.

Of days with a roll-up what they add up to is kept by blocks of days, and red times up to a border,
beside what is told of each day (store.rollups.kept_spans).
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from store.figures import figure_days, red_sums, red_time
from store.figures.job_ends import JobBlock, add_up_jobs
from store.figures.red_sums import Halves, KeyOf, RedPast, RedSums
from store.figures.red_time import RedWalk
from store.reads.months import RolledDay, list_rolled_days
from store.rollups.count_figures import count_figures
from store.rollups.day_parts import ENDS_PART, TURNS_PART
from store.rollups.figures import ALL, DayFigures, from_text
from store.rollups.kept_spans import (
    BLOCK,
    Block,
    Made,
    Said,
    add_up_kept,
    find_kept,
    keep_value,
    read_kept,
)

FLOW, LINE = 6, 20
"""About the characters of what is kept of a workflow on a day, and of a line of a sum."""
OPEN = 2
"""The last days change all the time: the border of red times is before them."""

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

        def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
            texts = figure_days.list_figure_texts(self.connection, begins, self.number)
            short = {begin: shorten(from_text(text, with_medians=False)) for begin, text in texts}
            return {
                begin: Said(day, FLOW * len(day.flows) + len(str(day.pools)))
                for begin, day in short.items()
            }

        made = read_kept(self.connection, self.list_made(), ("short", self.number), read)
        return [day.counted or made[day.begin] for day in self.days]

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

        def add_up(days: Sequence[Made]) -> Said:
            begins = [day.begin for day in days]
            texts = figure_days.list_part_texts(self.connection, begins, ENDS_PART, self.number)
            block = add_up_jobs(figure_days.decode_ends(text) for _, text in texts)
            return Said(block, block.size)

        return self.add_up(("ends", self.number), add_up, lambda day: add_up_jobs([day.ends]))

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

    def list_turns(self, days: Sequence[Figured], *, of_jobs: bool) -> list[DayFigures]:
        """Return days with when workflows, or jobs, turned red and green."""
        begins = [day.begin for day in days if day.rolled]
        made = dict(self.read_turns(begins, of_jobs=of_jobs))
        return [day.counted or made[day.begin] for day in days]

    def read_turns(
        self, begins: Sequence[datetime], *, of_jobs: bool
    ) -> list[tuple[datetime, DayFigures]]:
        """Return what roll-ups say of when workflows, or jobs, turned, by the begin of the day."""
        if of_jobs:
            texts = figure_days.list_part_texts(self.connection, begins, TURNS_PART, self.number)
            return [
                (begin, DayFigures(turns=figure_days.decode_turns(text))) for begin, text in texts
            ]
        texts = figure_days.list_figure_texts(self.connection, begins, self.number)
        return [(begin, from_text(text, with_medians=False)) for begin, text in texts]

    def sum_red(self, halves: Halves, by: str, key_of: KeyOf, *, of_jobs: bool) -> RedSums:
        """Return the red times of both halves, by lines of a table; `by` names these."""
        walk_on = red_time.walk_jobs if of_jobs else red_time.walk_flows
        settled = len(self.days) - OPEN
        settled = next((n for n, day in enumerate(self.days) if not day.rolled), settled)
        settled = max(min(settled, len(self.days) - OPEN), 0)
        rest = self.list_turns(self.days[settled:], of_jobs=of_jobs)
        border = red_sums.seconds_of(self.days[settled].begin)
        turned = (red_time.find_first_turn(day) for day in rest)
        first = min((second for second in turned if second is not None), default=border)
        if settled < BLOCK or min(first, halves[1][1]) < border:  # few days, or clocks that lie
            settled, border = 0, red_sums.seconds_of(self.days[0].begin)
            rest = self.list_turns(self.days, of_jobs=of_jobs)
            past = RedPast(min(border, halves[0][0]), {}, [], {})
        else:
            past = self.find_past(settled, halves, by, key_of, of_jobs=of_jobs)
        spans = red_sums.go_on(past, halves[1][1], lambda walk: walk_on(walk, rest))
        return RedSums(past, spans, key_of, halves)

    def find_past(
        self, settled: int, halves: Halves, by: str, key_of: KeyOf, *, of_jobs: bool
    ) -> RedPast:
        """Return what is known at the border after some days, which is kept by their turns.

        Most of what makes a day anew is no turn: that is told by a digest of each day's.
        """
        days, border = self.days[:settled], red_sums.seconds_of(self.days[settled].begin)
        made = [day.rolled for day in days if day.rolled]
        turned, walk = ("turned", self.number, of_jobs), RedWalk()
        walk_on = red_time.walk_jobs if of_jobs else red_time.walk_flows

        def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
            return {
                begin: Said(digest_turns(day), LINE)
                for begin, day in self.read_turns(begins, of_jobs=of_jobs)
            }

        def add_up() -> RedPast:
            for place in range(0, len(made), BLOCK):
                own = [day.begin for day in made[place : place + BLOCK]]
                told = self.read_turns(own, of_jobs=of_jobs)
                walk_on(walk, [day for _, day in told])
                found.update((begin, Said(digest_turns(day), LINE)) for begin, day in told)
            # Up to now is up to the border here: now is no earlier.
            return red_sums.add_up_past(walk, border, key_of, (halves[0], (halves[1][0], border)))

        found: dict[datetime, Said] = {}
        past: RedPast | None = None
        if len(find_kept(self.connection, made, turned)) < len(made) - BLOCK:
            past = add_up()  # whose digests are found meanwhile
        digests = read_kept(
            self.connection, made, turned, lambda begins: found if past else read(begins)
        )
        version = (halves[0], halves[1][0], *(digests[day.begin] for day in made))

        def say() -> Said:
            value = past or add_up()
            return Said(value, LINE * (len(value.sums) + len(value.red) + len(value.late)))

        block, subject = Block(made[0].begin, version), ("red", self.number, by, settled)
        kept: RedPast = keep_value(self.connection, subject, block, say)
        return kept


def digest_turns(day: DayFigures) -> bytes:
    """Return a digest of when workflows, or jobs, turned."""
    said = orjson.dumps([day.flows, day.tags, day.red, day.green, day.turns])
    return hashlib.blake2b(said, digest_size=16).digest()


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
