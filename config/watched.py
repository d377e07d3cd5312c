"""What `-r` means: org/repo, org or org/*, without regard to case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Chosen(NamedTuple):
    """The patterns of `-r` apart, each once, in the order given."""

    owners: tuple[str, ...]
    names: tuple[str, ...]


def chosen(patterns: Iterable[str]) -> Chosen:
    """Return whose repositories are meant, and which; one of a chosen owner is not named again."""
    plain = {one.lower(): one for one in (each.removesuffix("/*") for each in patterns)}
    owners = tuple(one for one in plain.values() if "/" not in one)
    meant = {owner.lower() for owner in owners}
    names = (one for one in plain.values() if "/" in one)
    return Chosen(owners, tuple(one for one in names if one.split("/")[0].lower() not in meant))


def is_watched(patterns: Sequence[str], full_name: str) -> bool:
    """Tell whether a repository is meant; without patterns every one is."""
    lowered = {pattern.lower().removesuffix("/*") for pattern in patterns}
    name = full_name.lower()
    return not lowered or name in lowered or name.partition("/")[0] in lowered
