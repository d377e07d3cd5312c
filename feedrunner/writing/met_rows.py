"""Rows that a load wrote or looked for -> their numbers, for records that name them.

Packages and versions alone, which nobody removes. MOST of a kind are kept, however many there are.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

MOST = 100_000
PACKAGES, VERSIONS, NAMES = KINDS = ("packages", "versions", "names")
"""By what the registry tells a package by, by package and version, by a package's name."""
WORDS = "words"
"""By a table and a word of it."""


class MetRows:
    """Numbers of rows by what records name them by, for each kind of name. One for each load."""

    def __init__(self) -> None:
        self.kept = defaultdict[str, dict[Any, int]](dict)
        self.new = defaultdict[str, dict[Any, int]](dict)
        """Of the transaction that is open: it may be undone."""
        self.whole: set[str] | None = None
        """Kinds of which no row is there but those that were met; None before anybody looked."""
        self.is_alone = True
        """Whether nobody else was met who writes the same rows now."""

    def begin(self) -> None:
        """Forget what a transaction met that was undone."""
        self.new.clear()

    def begin_registry(self, *, is_empty: bool) -> None:
        """Know whether the registry had no package, so that nothing need be looked for."""
        self.whole = {*KINDS} if is_empty else set()

    def meet_others(self) -> None:
        """Know that another feed writes the same rows now, so that all are looked for."""
        self.whole, self.is_alone = set(), False

    def is_whole(self, kind: str) -> bool:
        """Tell whether what was not met is not there."""
        return kind in (self.whole or ())

    def keep(self) -> None:
        """Keep what a transaction met, once it is committed."""
        for kind, numbers in self.new.items():
            if len(self.kept[kind]) + len(numbers) > MOST:
                self.forget(kind, new=False)
            self.kept[kind].update(numbers)
        self.new.clear()

    def of(self, kind: str, keys: Collection[Any]) -> dict[Any, int]:
        """Return those of these that were met, of two of one name the later one."""
        kept, new = self.kept[kind], self.new[kind]
        met = {key: kept[key] for key in keys if key in kept}
        if new:
            met |= {key: new[key] for key in keys if key in new}
        return met

    def may_be_there(self, kind: str, keys: Collection[Any]) -> Collection[Any]:
        """Return those of these that may be stored."""
        return self.of(kind, keys) if self.is_whole(kind) else keys

    def are_new(self, kind: str, keys: Collection[Any]) -> bool:
        """Tell whether none of these is there, and each comes once."""
        told = {*keys}
        if not self.is_whole(kind) or len(told) < len(keys):
            return False
        return all(met[kind].keys().isdisjoint(told) for met in (self.kept, self.new))

    def unmet(self, kind: str, keys: Collection[Any], met: Collection[Any]) -> Collection[Any]:
        """Return those of these that may be stored though they were not met."""
        return () if self.is_whole(kind) else [key for key in keys if key not in met]

    def forget(self, kind: str, *, new: bool = True) -> None:
        """Forget what was met of a kind, so that it is looked for from now on."""
        self.kept[kind].clear()
        if new:
            self.new[kind].clear()
        if self.whole:
            self.whole.discard(kind)
