"""Pure: when a workflow, or a job of one, turned red or green on the default branch in a day.

Of what failed in it every turn is kept; of all else only when it passed first, which is asked for
what was red before. A failure has a tag: what is red because of it.
"""

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

PASSED = -1
"""Stands in the place of a tag."""


class Turn(NamedTuple):
    """The second something ended, and the tag of its failure, or None if it passed."""

    second: int
    tag: str | None


class Turns(Generic[Key]):
    """The turns of a day by what turned, in the order in which it was created."""

    def __init__(self) -> None:
        self.changes: dict[Key, list[Turn]] = {}

    def add(self, key: Key, second: int, tag: str | None) -> None:
        """Add an end; it is kept where it changes something."""
        own = self.changes.setdefault(key, [])
        if not own or (own[-1].tag is None) != (tag is None):
            own.append(Turn(second, tag))

    def list_red(self) -> list[tuple[Key, list[Turn]]]:
        """Return what failed, with its turns."""
        return [
            (key, own) for key, own in sorted(self.changes.items(), key=repr) if has_failed(own)
        ]

    def list_green(self) -> list[tuple[Key, int]]:
        """Return what only passed, and when first."""
        return [
            (key, own[0].second)
            for key, own in sorted(self.changes.items(), key=repr)
            if not has_failed(own)
        ]


def has_failed(turns: list[Turn]) -> bool:
    """Tell whether one of these is a failure: turns alternate."""
    return len(turns) > 1 or turns[0].tag is not None


def as_numbers(turns: list[Turn], tags: dict[str, int]) -> list[int]:
    """Return turns as they are stored: the second and the tag's place or PASSED, and so on.

    A tag that has no place yet gets the next one.
    """
    numbers: list[int] = []
    for second, tag in turns:
        numbers += (second, PASSED if tag is None else tags.setdefault(tag, len(tags)))
    return numbers
