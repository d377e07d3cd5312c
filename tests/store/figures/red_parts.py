"""How long red times last and how soon they are fixed, from each span: what pages add up."""

import statistics
from collections.abc import Iterable, Sequence

from store.figures.red_time import RedSpan


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
        span
        if begin <= span.since and span.until <= end
        else cut_span(span, max(span.since, begin), min(span.until, end))
        for span in spans
        if span.since < end and span.until > begin
    ]


def cut_span(span: RedSpan, since: int, until: int) -> RedSpan:
    """Return a part of a red time, which is fixed where that has its end."""
    return span._replace(since=since, until=until, is_fixed=span.is_fixed and span.until <= until)


def median_fix(spans: Iterable[RedSpan], begin: int, end: int) -> float | None:
    """Return how long it took to turn green again, by those that did in a span."""
    lengths = [span.seconds for span in spans if span.is_fixed and begin <= span.until < end]
    return statistics.median(lengths) if lengths else None
