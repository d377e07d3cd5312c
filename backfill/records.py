"""What a vendor's folder hands to the rest of backfill/, in nobody's own words.

Times are in UTC without zone.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from store.reads.for_audit import ListedJob as ListedJob
from store.reads.for_audit import ListedRun as ListedRun

Json = dict[str, Any]

BEGINNING = datetime(1970, 1, 1)
"""Before all that a vendor has."""
EVERYTHING = -1
MOST_ATTEMPTS = 1000
"""Of a run, the latest are asked for: it can have 51 on GitHub now, hundreds before April 2026.
https://docs.github.com/en/actions/reference/limits"""
BOTH, EXACT, QUICK = "both", "exact", "quick"
"""How runs are read: their jobs first as far as GraphQL knows them, by REST alone, by GraphQL."""


class ReadRange(NamedTuple):
    """How much to read of a repository; None means without an end.

    `commits` None means back to the oldest run reached, EVERYTHING all of them.
    """

    max_runs: int | None = None
    last_time: datetime | None = None
    commits: int | None = None
    max_requests: int | None = None
    by: str = BOTH


class Repository(NamedTuple):
    """A repository as it was read first; `path` is where it is in the API, with a slash at the end.

    `record` is what the API says of it: each of its objects is wrapped with that.
    """

    repoid: int
    provider: str
    name: str
    path: str
    default_branch: str
    createtime: datetime | None
    pushtime: datetime | None
    record: Json


class ListedCommit(NamedTuple):
    """A commit as the vendor lists it, by its committer's time."""

    hash: str
    time: datetime | None
    branch: str


class BrokenList(NamedTuple):
    """A span of time whose runs could not be listed to their end."""

    first: datetime
    last: datetime
    counted: int
    listed: int
    why: str = ""


class UnreadItem(NamedTuple):
    """Something that the vendor lists and that cannot be read: what, its name there, and why.

    `run` where it belongs to one; `what` is `jobs` for a list of them that has no end.
    """

    what: str
    name: str
    why: str
    run: int | None = None


Unread = list[UnreadItem]
"""Takes what cannot be read."""


class CountedRuns(NamedTuple):
    """Runs of one list by id, newest first, and how many it says there are.

    `is_whole` tells that it was followed as far as it was meant to be.
    """

    runs: dict[int, ListedRun]
    total: int
    is_whole: bool


class Estimate(NamedTuple):
    """What it takes to read a repository: requests, its runs, those of them that are stored.

    `points` of GraphQL, and how many of the `calls` there are until all jobs can be queried.
    `is_apart` where what finds out which repositories are meant is not in `calls`.
    """

    calls: int
    runs: int
    stored: int
    points: int = 0
    calls_before: int = 0
    is_apart: bool = False


class ReasonsRead(NamedTuple):
    """What came of reading why jobs failed: `jobs` that have rows now, `absent` of them without a
    message, `left` failed jobs that still wait, `requests` sent."""

    jobs: int = 0
    absent: int = 0
    left: int = 0
    requests: int = 0


class App(NamedTuple):
    """An app that is registered with the vendor: its id, and the file of its private key."""

    id: str
    pem: str


class Webhook(NamedTuple):
    """A webhook as the vendor lists it; `path` is its own in the API.

    `code` is the last answer it got, 0 for none at all, None where nothing was sent.
    """

    id: int
    path: str
    url: str = ""
    is_active: bool = True
    events: frozenset[str] = frozenset()
    is_json: bool = True
    is_verified: bool = True
    code: int | None = None
    changetime: datetime | None = None


class HookOwner(NamedTuple):
    """Whose webhooks are meant, an organisation's or a repository's, and where they are listed."""

    name: str
    path: str
    is_org: bool


class KnownHooks(NamedTuple):
    """What the store knows of webhooks: ids of those that delivered, names of the repositories
    (in lower case) that deliveries came of, and where hooks should point, by their `hook_note`."""

    sending: frozenset[int] = frozenset()
    heard: frozenset[str] = frozenset()
    urls: Mapping[str, str] = MappingProxyType({})


class Refusal(NamedTuple):
    """Why the hooks of an owner are not to be had; `is_absent` where it is not found itself."""

    why: str
    is_absent: bool = False


class RecoveredDeliveries(NamedTuple):
    """Deliveries of a webhook that had not come: taken from its log, asked for again, and lost.

    `is_more` where some are left for the next time.
    """

    taken: int
    asked: int
    lost: int
    is_more: bool
