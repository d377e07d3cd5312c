"""Pure: when default branches turned red and green -> how long they were red, how soon fixed."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from store.rollups.figures import Rows


class RedSpan(NamedTuple):
    """A time in which a workflow's newest run on the default branch had failed, in epoch seconds.

    `until` is the end of the days looked at where `is_fixed` is False.
    """

    workflow: str
    since: int
    until: int
    is_fixed: bool

    @property
    def seconds(self) -> int:
        """How long."""
        return self.until - self.since


def list_red_spans(days: Iterable[Rows], now: int) -> list[RedSpan]:
    """Return the red times of days that follow each other, those that last up to `now` too.

    What a workflow was before its first run in these days is not known, and counts as green.
    """
    red: dict[str, int] = {}
    spans: list[RedSpan] = []
    for day in days:
        for workflow, changes in day["main"]:
            for second, failed in changes:
                if failed:
                    red.setdefault(workflow, second)
                elif (since := red.pop(workflow, None)) is not None:
                    spans.append(RedSpan(workflow, since, max(second, since), True))
    spans += [RedSpan(flow, since, now, False) for flow, since in red.items() if since < now]
    return spans


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
        RedSpan(
            span.workflow,
            max(span.since, begin),
            min(span.until, end),
            span.is_fixed and span.until <= end,
        )
        for span in spans
        if span.since < end and span.until > begin
    ]


def median_fix(spans: Iterable[RedSpan], begin: int, end: int) -> float | None:
    """Return how long it took to turn green again, by those that did in a span."""
    lengths = [one.seconds for one in spans if one.is_fixed and begin <= one.until < end]
    return statistics.median(lengths) if lengths else None
