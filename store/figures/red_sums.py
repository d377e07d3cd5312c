"""Pure: red times of many days, of which those before a border are added up and kept.

Of the days before the border it is enough to know how long each line of a table was red up to
there, how soon each of its red times was fixed, and what was red at the border or ended after it.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from store.figures.red_time import RedSpan, RedWalk

Halves = tuple[tuple[int, int], tuple[int, int]]
"""The days before and those asked for, in epoch seconds."""

KeyOf = Callable[[RedSpan], Hashable]
"""The line of a table that a red time belongs to, by its key and its tag."""

RedParts = tuple[list[tuple[int, int]], list[int]]
"""The parts of red times that lie in a time, and how long what was fixed in it had been red."""


class RedAlike:
    """Red times of one key and one tag, cut once for all tables that ask for them."""

    def __init__(self, spans: Sequence[RedSpan], halves: Sequence[tuple[int, int]]) -> None:
        self.spans, self.halves = spans, halves

    @cached_property
    def parts(self) -> tuple[RedParts, ...]:
        """What of them lies in each half."""
        return tuple(cut_parts(self.spans, begin, end) for begin, end in self.halves)


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

    def __init__(self, past: RedPast, groups: Mapping[Hashable, Sequence[RedAlike]]) -> None:
        self.past, self.groups = past, groups

    def find(self, key: Hashable) -> tuple[RedSum, ...] | None:
        """Return the sums before and now, None for what never was red."""
        known, own = self.past.sums.get(key), self.groups.get(key)
        if known is None and own is None:
            return None
        after = sum_halves(own) if own else (NOTHING, NOTHING)
        return tuple(
            RedSum(before.seconds + more.seconds, [*before.fixes, *more.fixes])
            for before, more in zip(known or (NOTHING, NOTHING), after, strict=True)
        )


def seconds_of(moment: datetime) -> int:
    """Return a time in epoch seconds."""
    return int((moment - EPOCH).total_seconds())


class RedTables:
    """The sums of both halves by tables: `spans` are those that are not in their past."""

    def __init__(
        self,
        pasts: Mapping[str, RedPast],
        spans: Iterable[RedSpan],
        keys: Mapping[str, KeyOf],
        halves: Halves,
    ) -> None:
        (past, *_) = pasts.values()  # all have one border
        self.pasts, self.keys = pasts, keys
        border = past.border
        after = [(max(begin, border), max(end, border)) for begin, end in halves]
        self.alike = list_alike(spans, after)

    def sum_table(self, table: str) -> RedSums:
        """Return those by lines of a table."""
        return RedSums(self.pasts[table], group_alike(self.alike, self.keys[table]))


def list_alike(spans: Iterable[RedSpan], halves: Sequence[tuple[int, int]]) -> list[RedAlike]:
    """Return red times by key and tag: of these are far fewer, and tables are made of them."""
    groups: dict[Any, list[RedSpan]] = defaultdict(list)
    for span in spans:
        groups[span.key, span.tag].append(span)
    return [RedAlike(own, halves) for own in groups.values()]


def group_alike(alike: Iterable[RedAlike], key_of: KeyOf) -> dict[Hashable, list[RedAlike]]:
    """Return red times by lines of a table."""
    groups: dict[Hashable, list[RedAlike]] = defaultdict(list)
    for own in alike:
        groups[key_of(own.spans[0])].append(own)
    return dict(groups)


def cut_parts(spans: Iterable[RedSpan], begin: int, end: int) -> RedParts:
    """Return what of red times lies in a time; fixed in it is what ended in it."""
    parts, fixes = list[tuple[int, int]](), list[int]()
    for _, since, until, is_fixed, _ in spans:
        if is_fixed and begin <= until < end:
            fixes.append(until - since)
        if since < end and until > begin:
            parts.append((since if since > begin else begin, until if until < end else end))
    return parts, fixes


def sum_halves(alike: Sequence[RedAlike]) -> tuple[RedSum, ...]:
    """Return what red times come to in each half."""
    return tuple(map(sum_parts, zip(*(own.parts for own in alike), strict=True)))


def sum_parts(cut: Sequence[RedParts]) -> RedSum:
    """Return what parts of red times come to."""
    times, fixes = list[tuple[int, int]](), list[int]()
    for parts, fixed in cut:
        times += parts
        fixes += fixed
    return RedSum(union_seconds(times), sorted(fixes))


def union_seconds(parts: Iterable[tuple[int, int]]) -> int:
    """Return how long any of some parts of time lasted."""
    total, end = 0, 0
    for since, until in sorted(parts):
        if since > end:
            total += until - since
            end = until
        elif until > end:
            total += until - end
            end = until
    return total


def add_up_past(
    walk: RedWalk, border: int, keys: Mapping[str, KeyOf], halves: Halves
) -> dict[str, RedPast]:
    """Return what is known at a border, after the days before it, by table."""
    before = [(min(begin, border), min(end, border)) for begin, end in halves]
    alike, red = list_alike(walk.end(border), before), dict(walk.red)
    late = [span for span in walk.spans if span.until >= border]
    return {
        table: RedPast(
            border,
            {key: sum_halves(own) for key, own in group_alike(alike, key_of).items()},
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
