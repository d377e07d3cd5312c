"""Which repositories `-r` means: org/repo, org or org/*, without regard to case."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Watch(NamedTuple):
    """The patterns as given, and apart: owners and full names, in lower case -> as written.

    Each is there once, in the order given; a repository of a watched owner is not named again.
    """

    patterns: tuple[str, ...]
    owners: Mapping[str, str]
    names: Mapping[str, str]
    """Of repositories, or of groups below an owner, where a vendor has such."""


def watch(patterns: Sequence[str]) -> Watch:
    """Return what patterns mean; a name without a slash is an owner's, as is what ends with /*."""
    plain = {name.lower(): name for name in (each.removesuffix("/*") for each in patterns)}
    whole = {each.lower().removesuffix("/*") for each in patterns if each.endswith("/*")}
    owners = {key: name for key, name in plain.items() if "/" not in key or key in whole}
    names = {
        key: name
        for key, name in plain.items()
        if key not in owners and not owners_of(key) & owners.keys()
    }
    return Watch(tuple(patterns), owners, names)


def owners_of(name: str) -> set[str]:
    """Return whose a repository is: `group` and `group/sub` of `group/sub/project`."""
    parts = name.split("/")
    return {"/".join(parts[:length]) for length in range(1, len(parts))}


def is_watched(watch: Watch, names: Iterable[str]) -> bool:
    """Tell whether one of a repository's full names is watched; without patterns all are."""
    if not watch.patterns:
        return True
    lowered = [name.lower() for name in names]
    wanted = watch.owners.keys() | watch.names.keys()
    return any(name in watch.names or owners_of(name) & wanted for name in lowered)
