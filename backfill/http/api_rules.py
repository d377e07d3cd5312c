"""What differs from one vendor's API to another's, for one client of all of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple

LONGEST_NUMBER = 12
PAGE_TRIES = 2
"""For an answer that is a page and no JSON: a proxy's, likely for longer than anybody waits."""

Headers = Mapping[str, str]
"""Headers of an answer, asked for by their names in lower case."""


class Action(Enum):
    """What to do with an answer."""

    TAKE = auto()
    FOLLOW = auto()
    WAIT = auto()
    AGAIN = auto()
    REFUSE = auto()


class Judgement(NamedTuple):
    """What an answer means; `seconds` to wait when the server says so, `why` in a sentence.

    `tries` are fewer than usual for what another try is not likely to mend.
    """

    action: Action
    seconds: int | None = None
    why: str = ""
    tries: int | None = None


class ApiRules(NamedTuple):
    """A vendor's API over HTTP."""

    title: str
    """The vendor's name as people write it."""
    address: str
    """The setting that holds the API's address."""
    headers: Mapping[str, str]
    """What goes with every request."""
    authorization: Callable[[str], Mapping[str, str]]
    """The headers that hold a key."""
    judge: Callable[[int, Headers, str], Judgement]
    """What an answer means: its status, its headers, the words in its body."""
    message_of: Callable[[Any], str]
    """What the JSON of a refusal says in words."""
    limit_headers: tuple[str, str, str]
    """Where an answer says how many requests an hour has, how many are left, and when it ends
    (epoch seconds)."""
    other_limit: tuple[str, frozenset[str]]
    """The header that names the limit which an answer speaks of, and those that are others."""
    per_minute: int
    """Requests in a minute, somewhat fewer than the vendor allows."""
    expiry_of: Callable[[Headers], datetime | None]
    """When the key expires, in UTC without zone, as an answer says it."""
    page_key: Callable[[str], str]
    """A page's path below its repository: the same under every name the repository goes by."""
    is_remembered: Callable[[str], bool]
    """Whether what a path leads to is kept in memory: no page that is stored."""


LONGEST_RETRY = 3600
"""Seconds: an hour is as long as any limit lasts, whatever a header says."""


def retry_after(headers: Headers) -> int | None:
    """Return what Retry-After says, in seconds, an hour at most."""
    seconds = read_count(headers.get("retry-after", ""))
    return None if seconds is None else min(seconds, LONGEST_RETRY)


def read_count(text: str) -> int | None:
    """Return a number of at most 12 ASCII digits; None for anything else."""
    text = text.strip()
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None
    )
