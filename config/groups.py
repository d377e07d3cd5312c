"""Which repositories belong together, and what makes their nightly runs: the text of GROUPS_FILE.

TOML (https://toml.io), one table for each group, in the order in which they are shown:

    [prod]
    repos = ["org/api", "org/web-*"]
    workflows = ["Nightly*"]
    actors = ["nightly-bot"]
    owner = "Payments"
    chat = "https://chat.example.org/payments"

    [prod.owners]
    "org/web-*" = { owner = "Web team", chat = "https://chat.example.org/web" }
    "org/api" = "Ada"

A repository belongs to the first group with a pattern that fits its full name. Where `workflows`
or `actors` are given, a run is nightly whose workflow or actor fits one of them; else the default
rule holds (store.nightly). Its owner is that of the first pattern of `owners` that fits, else the
group's; so is the chat.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATTERNS = ("repos", "workflows", "actors")
NAMES = (*PATTERNS, "owner", "chat", "owners")
LONGEST_NAME = 100
LONGEST_CHAT = 500
REVISION = 3
"""Raised when the code reads the same groups, or makes the same nights, in another way."""


class Owner(NamedTuple):
    """Whose repositories are that fit one of the patterns: a person or team, and where to talk."""

    repos: tuple[str, ...]
    name: str | None
    chat: str | None = None


class Group(NamedTuple):
    """A group: patterns of full names of repositories, of workflows' names and of logins.

    The last of `owners` is that of all of them.
    """

    name: str
    repos: tuple[str, ...]
    workflows: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()

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
    lists = [patterns(name, key, table.get(key, [])) for key in PATTERNS]
    if not lists[0]:
        raise ValueError(f'[{name}] needs repos = ["org/name", ...]')
    repos, workflows, actors = lists
    return Group(name, repos, workflows, actors, tuple(read_owners(name, table, repos)))


def read_owners(name: str, table: dict[str, Any], repos: tuple[str, ...]) -> Iterator[Owner]:
    """Yield a group's owners, that of all its repositories last. Raises ValueError."""
    whole = Owner(repos, *owner_and_chat(f"[{name}]", table))
    own = table.get("owners", {})
    if not isinstance(own, dict):
        raise ValueError(f'owners of [{name}] is no table like [{name}.owners] "org/api" = "Ada"')
    for pattern, value in own.items():
        place = f"{pattern!r} in [{name}.owners]"
        if isinstance(value, dict) and (strange := sorted(value.keys() - {"owner", "chat"})):
            raise ValueError(f"{place} has {strange[0]!r}; known are owner, chat")
        fields = value if isinstance(value, dict) else {"owner": value}
        owner, chat = owner_and_chat(place, fields)
        yield Owner((pattern,), owner or whole.name, chat or whole.chat)
    if whole.name or whole.chat:
        yield whole


def owner_and_chat(place: str, table: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the fields `owner` and `chat` of a table. Raises ValueError."""
    owner, chat = table.get("owner"), table.get("chat")
    if owner is not None and not (
        isinstance(owner, str) and owner.strip() and len(owner) <= LONGEST_NAME
    ):
        raise ValueError(f"owner of {place} is no text of 1 to {LONGEST_NAME} characters")
    if chat is not None and not is_address(chat):
        raise ValueError(f'chat of {place} is no address like "https://chat.example.org/team"')
    return owner, chat


def is_address(value: Any) -> bool:
    """Tell whether a value is an https address that a page may link to."""
    if not isinstance(value, str) or len(value) > LONGEST_CHAT or not value.isprintable():
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and " " not in value


def patterns(name: str, key: str, value: Any) -> tuple[str, ...]:
    """Return a list of patterns. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f'{key} of [{name}] is no list of texts like ["org/name"]')
    return tuple(value)


def group_of(groups: Sequence[Group], repo: str) -> Group | None:
    """Return the group of a repository, None outside all."""
    return next((group for group in groups if fits(group.repos, repo)), None)


def owner_of(groups: Sequence[Group], repo: str) -> Owner | None:
    """Return whose a repository is, None where the groups do not say it."""
    group = group_of(groups, repo)
    owners = () if group is None else group.owners
    return next((owner for owner in owners if fits(owner.repos, repo)), None)


def is_nightly(group: Group, workflow: str | None, actor: str | None) -> bool:
    """Tell whether a group's own rule makes a run nightly."""
    return fits(group.workflows, workflow or "") or fits(group.actors, actor or "")


def fits(wanted: Iterable[str], text: str) -> bool:
    """Tell whether a text fits one of the patterns, without regard to case."""
    lowered = text.casefold()
    return any(fnmatchcase(lowered, one.casefold()) for one in wanted)


def rules_of(groups: Sequence[Group]) -> str:
    """Return what names the rules that nights are made by: an owner changes none of them."""
    return hashlib.sha256(repr((REVISION, [group[:4] for group in groups])).encode()).hexdigest()
