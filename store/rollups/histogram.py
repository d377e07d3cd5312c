"""Pure: spans of time counted on a fixed logarithmic scale, so that days can be added up.

Up to EXACT seconds each second has a bucket of its own; above, a bucket ends 8% after its begin,
so that its middle is within 4% of everything in it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

EXACT = 25
RATIO = 1.08
STEP = math.log(RATIO)


def bucket(seconds: float) -> int:
    """Return the number of the bucket of a span that is not negative."""
    if seconds < EXACT:
        return int(seconds)
    # A hair more than the quotient: a border must not fall below itself by rounding.
    return EXACT + int(math.log(seconds / EXACT) / STEP + 1e-9)


def begin(number: int) -> float:
    """Return the first second of a bucket; it is the end of the bucket before."""
    return float(number if number < EXACT else EXACT * RATIO ** (number - EXACT))


@lru_cache(maxsize=1024)
def middle(number: int) -> float:
    """Return the seconds that stand for a bucket: what is in it is at most 4% away."""
    if number < EXACT:
        return number
    return float(EXACT * RATIO ** (number - EXACT + 0.5))


def together(texts: Iterable[str]) -> Counter[int]:
    """Return stored histograms added up."""
    buckets = Counter[int]()
    for text in texts:
        buckets.update(from_text(text))
    return buckets


def as_text(buckets: Mapping[int, int]) -> str:
    """Return a histogram as it is stored: bucket:count, with spaces between."""
    return " ".join(f"{number}:{buckets[number]}" for number in sorted(buckets))


def from_text(text: str | None) -> Counter[int]:
    """Return a stored histogram."""
    numbers = map(int, (text or "").replace(":", " ").split())
    return Counter(dict(zip(numbers, numbers, strict=True)))  # one iterator: pairs
