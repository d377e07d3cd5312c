"""Rows that a load wrote or looked for -> their numbers, for records that name them.

Packages and versions alone, which nobody removes. MOST of a kind are kept, however many there are.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

MOST = 100_000


class MetRows:
    """Numbers of rows by what records name them by, for each kind of name. One for each load."""

    def __init__(self) -> None:
        self.kept = defaultdict[str, dict[Any, int]](dict)
        self.new = defaultdict[str, dict[Any, int]](dict)
        """Of the transaction that is open: it may be undone."""

    def begin(self) -> None:
        """Forget what a transaction met that was undone."""
        self.new.clear()

    def keep(self) -> None:
        """Keep what a transaction met, once it is committed."""
        for kind, numbers in self.new.items():
            if len(self.kept[kind]) + len(numbers) > MOST:
                self.kept[kind].clear()
            self.kept[kind].update(numbers)
        self.new.clear()

    def of(self, kind: str, keys: Iterable[Any]) -> dict[Any, int]:
        """Return those of these that were met."""
        kept, new, met = self.kept[kind], self.new[kind], dict[Any, int]()
        for key in keys:
            number = kept.get(key) or new.get(key)
            if number is not None:
                met[key] = number
        return met

    def forget(self, kind: str) -> None:
        self.kept[kind].clear()
        self.new[kind].clear()
