"""Which repositories belong together, and what makes their nightly runs: the text of GROUPS_FILE.

TOML (https://toml.io), one table for each group, in the order in which they are shown:

    [prod]
    repos = ["org/api", "org/web-*"]
    workflows = ["Nightly*"]
    actors = ["nightly-bot"]

A repository belongs to the first group with a pattern that fits its full name. Where `workflows`
or `actors` are given, a run is nightly whose workflow or actor fits one of them; else the default
rule holds (store.nightly).
"""

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

NAMES = ("repos", "workflows", "actors")
LONGEST_NAME = 100
REVISION = 2
"""Raised when the code reads the same groups, or makes the same nights, in another way."""


class Group(NamedTuple):
    """A group: patterns of full names of repositories, of workflows' names and of logins."""

    name: str
    repos: tuple[str, ...]
    workflows: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()

    @property
    def has_rule(self) -> bool:
        """Tell whether it says itself what is nightly."""
        return bool(self.workflows or self.actors)


def read_groups(text: str) -> tuple[Group, ...]:
    """Return the groups of a file's text; a ValueError says in one line what is wrong with it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {' '.join(str(error).split())}") from None
    return tuple(group_of_table(name, table) for name, table in tables.items())


def group_of_table(name: str, table: Any) -> Group:
    """Return one group. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError(f"{name} is no group: write [{name}] and its repos below it")
    if strange := sorted(table.keys() - set(NAMES)):
        raise ValueError(f"[{name}] has {strange[0]!r}; known are {', '.join(NAMES)}")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise ValueError(f"a group's name has 1 to {LONGEST_NAME} characters")
    lists = [patterns(name, key, table.get(key, [])) for key in NAMES]
    if not lists[0]:
        raise ValueError(f'[{name}] needs repos = ["org/name", ...]')
    return Group(name, *lists)


def patterns(name: str, key: str, value: Any) -> tuple[str, ...]:
    """Return a list of patterns. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f'{key} of [{name}] is no list of texts like ["org/name"]')
    return tuple(value)


def group_of(groups: Sequence[Group], repo: str) -> Group | None:
    """Return the group of a repository, None outside all."""
    return next((group for group in groups if fits(group.repos, repo)), None)


def is_nightly(group: Group, workflow: str | None, actor: str | None) -> bool:
    """Tell whether a group's own rule makes a run nightly."""
    return fits(group.workflows, workflow or "") or fits(group.actors, actor or "")


def fits(wanted: Iterable[str], text: str) -> bool:
    """Tell whether a text fits one of the patterns, without regard to case."""
    lowered = text.casefold()
    return any(fnmatchcase(lowered, one.casefold()) for one in wanted)


def rules_of(groups: Sequence[Group]) -> str:
    """Return what names the rules that nights are made by."""
    return hashlib.sha256(repr((REVISION, tuple(groups))).encode()).hexdigest()
