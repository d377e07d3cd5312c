"""Pure: when default branches turned red and green -> how long they were red, how soon fixed."""

import itertools
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from store.rollups.figures import DayFigures
from store.rollups.turns import PASSED


class RedSpan(NamedTuple):
    """A time in which what is `key` had failed last on the default branch, in epoch seconds.

    `key` is a workflow, or one with a job; `tag` is the event of the run that turned it red, or
    the pool of the job. `until` is the end of the days looked at where `is_fixed` is False.
    """

    key: Any
    since: int
    until: int
    is_fixed: bool
    tag: str = ""

    @property
    def seconds(self) -> int:
        """How long."""
        return self.until - self.since


class RedWalk:
    """What is red as days go by; what it was before its first end is not known, and is green.

    Pages walk through tens of thousands of ends: stored numbers are read as they are.
    """

    def __init__(self) -> None:
        self.red: dict[Any, tuple[int, str]] = {}
        self.spans: list[RedSpan] = []

    def go_on(self, key: Hashable, numbers: Sequence[int], tags: Sequence[str]) -> None:
        """Go through turns of a key (store.rollups.turns.as_numbers)."""
        red = self.red.pop(key, None)
        pairs = iter(numbers)
        for second, tag in zip(pairs, pairs, strict=True):  # one iterator: pairs
            if red is None:
                red = (second, tags[tag]) if tag != PASSED else None
            elif tag == PASSED:
                since, why = red
                self.spans.append(RedSpan(key, since, max(second, since), True, why))
                red = None
        if red is not None:
            self.red[key] = red

    def end(self, now: int) -> list[RedSpan]:
        """Return all red times, those that last up to `now` too."""
        lasting = (
            RedSpan(key, since, now, False, why)
            for key, (since, why) in self.red.items()
            if since < now
        )
        return [*self.spans, *lasting]


def walk_flows(walk: RedWalk, days: Iterable[DayFigures]) -> None:
    """Go through the turns of workflows in days that follow each other."""
    for day in days:
        if walk.red:
            passed = {day.flows[place]: second for place, second in zip(*day.green, strict=True)}
            for flow in walk.red.keys() & passed.keys():
                walk.go_on(flow, (passed[flow], PASSED), ())
        for place, numbers in day.red:
            walk.go_on(day.flows[place], numbers, day.tags)


def walk_jobs(walk: RedWalk, days: Iterable[DayFigures]) -> None:
    """Go through the turns of jobs, by workflow and name, in days that follow each other."""
    for day in days:
        turns = day.turns
        for flow, name in list(walk.red):
            if (second := turns.green.get(flow, {}).get(name)) is not None:
                walk.go_on((flow, name), (second, PASSED), ())
        for flow, name, numbers in turns.red:
            walk.go_on((flow, name), numbers, turns.pools)


def find_first_turn(day: DayFigures) -> int | None:
    """Return the first second at which a workflow or a job of a day turned, None without any."""
    green = (second for jobs in day.turns.green.values() for second in jobs.values())
    red = (numbers[::2] for *_, numbers in (*day.red, *day.turns.red))
    return min(itertools.chain(day.green[1], green, *red), default=None)


def list_red_spans(days: Iterable[DayFigures], now: int) -> list[RedSpan]:
    """Return the red times of workflows in days that follow each other."""
    walk = RedWalk()
    walk_flows(walk, days)
    return walk.end(now)


def list_red_jobs(days: Iterable[DayFigures], now: int) -> list[RedSpan]:
    """Return the red times of jobs, by workflow and name, in days that follow each other."""
    walk = RedWalk()
    walk_jobs(walk, days)
    return walk.end(now)
