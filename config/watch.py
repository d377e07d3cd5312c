"""Which repositories are watched by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Watch(NamedTuple):
    """The `-r` patterns as given, and split into owners and full names in lower case."""

    patterns: tuple[str, ...]
    owners: frozenset[str]
    names: frozenset[str]


def watch(patterns: Sequence[str]) -> Watch:
    """Return what `org`, `org/*` and `org/repo` mean, without regard to case."""
    lowered = [pattern.lower().removesuffix("/*") for pattern in patterns]
    return Watch(
        patterns=tuple(patterns),
        owners=frozenset(one for one in lowered if "/" not in one),
        names=frozenset(one for one in lowered if "/" in one),
    )


def is_watched(watch: Watch, names: Iterable[str]) -> bool:
    """Tell whether one of a repository's full names is watched; without patterns all are."""
    if not watch.patterns:
        return True
    lowered = [name.lower() for name in names]
    return any(name in watch.names or name.partition("/")[0] in watch.owners for name in lowered)
