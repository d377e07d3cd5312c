"""Pure: when default branches turned red and green -> how long they were red, how soon fixed."""

import statistics
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from store.rollups.figures import DayFigures
from store.rollups.turns import Turn, from_numbers


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
    """What is red as days go by; what it was before its first end is not known, and is green."""

    def __init__(self) -> None:
        self.red: dict[Any, Turn] = {}
        self.spans: list[RedSpan] = []

    def turn(self, key: Hashable, turn: Turn) -> None:
        """Go on to an end."""
        if turn.tag is not None:
            self.red.setdefault(key, turn)
        elif (red := self.red.pop(key, None)) is not None:
            since = red.second
            self.spans.append(RedSpan(key, since, max(turn.second, since), True, red.tag or ""))

    def end(self, now: int) -> list[RedSpan]:
        """Return all red times, those that last up to `now` too."""
        lasting = (
            RedSpan(key, red.second, now, False, red.tag or "")
            for key, red in self.red.items()
            if red.second < now
        )
        return [*self.spans, *lasting]


def list_red_spans(days: Iterable[DayFigures], now: int) -> list[RedSpan]:
    """Return the red times of workflows in days that follow each other."""
    walk = RedWalk()
    for day in days:
        if walk.red:
            passed = {day.flows[place]: second for place, second in zip(*day.green, strict=True)}
            for flow in walk.red.keys() & passed.keys():
                walk.turn(flow, Turn(passed[flow], None))
        for place, numbers in day.red:
            for turn in from_numbers(numbers, day.tags):
                walk.turn(day.flows[place], turn)
    return walk.end(now)


def list_red_jobs(days: Iterable[DayFigures], now: int) -> list[RedSpan]:
    """Return the red times of jobs, by workflow and name, in days that follow each other."""
    walk = RedWalk()
    for day in days:
        turns = day.turns
        for flow, name in list(walk.red):
            if (second := turns.green.get(flow, {}).get(name)) is not None:
                walk.turn((flow, name), Turn(second, None))
        for flow, name, numbers in turns.red:
            for turn in from_numbers(numbers, turns.pools):
                walk.turn((flow, name), turn)
    return walk.end(now)


def union_seconds(spans: Sequence[RedSpan]) -> int:
    """Return how long any of these was red."""
    total, end = 0, 0
    for span in sorted(spans, key=lambda span: span.since):
        total += max(0, span.until - max(span.since, end))
        end = max(end, span.until)
    return total


def within(spans: Iterable[RedSpan], begin: int, end: int) -> list[RedSpan]:
    """Return the parts of red times that lie in a span; fixed are those that were fixed in it."""
    return [
        span._replace(
            since=max(span.since, begin),
            until=min(span.until, end),
            is_fixed=span.is_fixed and span.until <= end,
        )
        for span in spans
        if span.since < end and span.until > begin
    ]


def median_fix(spans: Iterable[RedSpan], begin: int, end: int) -> float | None:
    """Return how long it took to turn green again, by those that did in a span."""
    lengths = [span.seconds for span in spans if span.is_fixed and begin <= span.until < end]
    return statistics.median(lengths) if lengths else None
