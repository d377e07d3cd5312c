"""Long lists, cut so that one statement can name what is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

SIZE = 500

Value = TypeVar("Value")


def chunks(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield values in lists that a statement can take, in the order they came."""
    whole = list(values)
    return (whole[at : at + SIZE] for at in range(0, len(whole), SIZE))


def by_provider(keys: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, list[Value]]]:
    """Yield ids by their provider, in lists that a statement can take.

    For statements that name one provider: SQLite reads all of a table for a list of pairs.
    """
    ids: dict[str, list[Value]] = defaultdict(list)
    for provider, number in keys:
        ids[provider].append(number)
    return ((provider, chunk) for provider, whole in ids.items() for chunk in chunks(whole))
