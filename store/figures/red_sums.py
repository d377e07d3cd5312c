"""Pure: red times of many days, of which those before a border are added up and kept.

Of the days before the border it is enough to know how long each line of a table was red up to
there, how soon each of its red times was fixed, and what was red at the border or ended after it.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.figures.red_time import RedSpan, RedWalk, union_seconds, within

Halves = tuple[tuple[int, int], tuple[int, int]]
"""The days before and those asked for, in epoch seconds."""

KeyOf = Callable[[RedSpan], Hashable]


class RedSum(NamedTuple):
    """How many seconds something was red in some time, and how long what was fixed in it had."""

    seconds: int
    fixes: Sequence[int]

    @property
    def fix(self) -> float | None:
        """The median of the fixes."""
        return statistics.median(self.fixes) if self.fixes else None


NOTHING = RedSum(0, ())
EPOCH = datetime(1970, 1, 1)


class RedPast(NamedTuple):
    """What is known at a border: sums of each half up to it, by line; what goes on after it."""

    border: int
    sums: dict[Hashable, tuple[RedSum, ...]]
    late: list[RedSpan]
    red: dict[Any, tuple[int, str]]


class RedSums:
    """The sums of both halves, by lines of a table."""

    def __init__(self, past: RedPast, spans: Iterable[RedSpan], key_of: KeyOf, halves: Halves):
        self.past, self.halves = past, halves
        self.spans = group_spans(spans, key_of)

    def find(self, key: Hashable) -> tuple[RedSum, ...] | None:
        """Return the sums before and now, None for what never was red."""
        known, own = self.past.sums.get(key), self.spans.get(key)
        if known is None and own is None:
            return None
        border = self.past.border
        after = (
            sum_part(own or (), max(begin, border), max(end, border)) for begin, end in self.halves
        )
        return tuple(
            RedSum(before.seconds + more.seconds, [*before.fixes, *more.fixes])
            for before, more in zip(known or (NOTHING, NOTHING), after, strict=True)
        )


def seconds_of(moment: datetime) -> int:
    """Return a time in epoch seconds."""
    return int((moment - EPOCH).total_seconds())


def group_spans(spans: Iterable[RedSpan], key_of: KeyOf) -> dict[Hashable, list[RedSpan]]:
    """Return red times by lines of a table."""
    groups: dict[Hashable, list[RedSpan]] = defaultdict(list)
    for span in spans:
        groups[key_of(span)].append(span)
    return dict(groups)


def sum_part(spans: Iterable[RedSpan], begin: int, end: int) -> RedSum:
    """Return what red times come to in a time."""
    own = list(spans)
    fixes = [span.seconds for span in own if span.is_fixed and begin <= span.until < end]
    return RedSum(union_seconds(within(own, begin, end)), sorted(fixes))


def add_up_past(
    walk: RedWalk, border: int, keys: Mapping[str, KeyOf], halves: Halves
) -> dict[str, RedPast]:
    """Return what is known at a border, after the days before it, by table."""
    spans, red = walk.end(border), dict(walk.red)
    late = [span for span in walk.spans if span.until >= border]
    return {
        table: RedPast(
            border,
            {
                key: tuple(
                    sum_part(own, min(begin, border), min(end, border)) for begin, end in halves
                )
                for key, own in group_spans(spans, key_of).items()
            },
            late,
            red,
        )
        for table, key_of in keys.items()
    }


def go_on(past: RedPast, now: int, walk_on: Callable[[RedWalk], None]) -> list[RedSpan]:
    """Return the red times that last up to the border or longer, and those after it."""
    walk = RedWalk()
    walk.red = dict(past.red)
    walk_on(walk)
    return [*past.late, *walk.end(now)]
