"""Long lists, cut so that one statement can name what is in them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

SIZE = 500

Scope = TypeVar("Scope")
Value = TypeVar("Value")


def chunks(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield values in lists that a statement can take, in the order they came."""
    whole = list(values)
    return (whole[at : at + SIZE] for at in range(0, len(whole), SIZE))


def by_scope(keys: Iterable[tuple[Scope, Value]]) -> Iterator[tuple[Scope, list[Value]]]:
    """Yield values by their scope (a provider, a repository), in lists that a statement can take.

    For statements that name one scope: SQLite reads all of a table for a list of pairs.
    """
    values: dict[Scope, list[Value]] = defaultdict(list)
    for scope, value in keys:
        values[scope].append(value)
    return ((scope, chunk) for scope, whole in values.items() for chunk in chunks(whole))
