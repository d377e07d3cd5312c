"""Which folder reads which vendor's API, and what every such folder offers.

A vendor is a package beside `github/` that has the names of `Vendor`, and a line in VENDORS.
`audit/`, `reconcile/` and `command/` know no other way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from backfill import github
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.rate_limit import LEFT_TO_OTHERS, Tell
from backfill.pipeline.context import Context
from backfill.records import (
    App,
    BrokenList,
    CheckLine,
    Estimate,
    HookOwner,
    KnownHooks,
    ListedCommit,
    ListedJob,
    ListedRun,
    ReadRange,
    ReasonsRead,
    RecoveredDeliveries,
    Repository,
    Webhook,
)
from config.settings import Settings
from config.watch import Watch
from store.deliveries.table import Delivery

Attempt = tuple[int, int]
"""A run and the number of one of its attempts."""
Heads = dict[str, str | None]
"""What each branch points at."""
Phase = Callable[[Context, Repository, ReadRange], None]


class Vendor(Protocol):
    """What a vendor's folder offers. All that ask the vendor raise ApiError, and also BudgetSpent
    and RequestsStopped of http/rate_limit.py."""

    TITLE: str
    """The vendor's name as people write it."""
    ADDRESS: str
    """The setting that holds the API's address."""
    KEY: str
    """The setting that holds the key."""
    NO_KEY: str
    """What it means to have no key, in a sentence without an end."""
    NO_HOOK_RIGHTS: str
    """What a key needs to read webhooks, in a few words."""
    APP_HOOK: Webhook
    """The webhook of an app itself, whose log the app alone may read."""
    CHANGES_FOR: timedelta
    """How old a run may be when it changes for the last time."""
    PHASES: Sequence[tuple[str, Phase]]
    """What a backfill reads of a repository, in this order; each stores what it reads."""

    def open_client(
        self,
        settings: Settings,
        tell: Tell,
        *,
        left: float = LEFT_TO_OTHERS,
        caches: bool = False,
    ) -> Client:
        """Return a client for the settings' server; `tell` is told of waits.

        `left` is the part of the rate limit that it leaves to others; one that `caches` asks
        again for nothing that is unchanged.
        """

    def check_key(self, client: Client, tries: int) -> None:
        """Ask for what is free: whether the server answers and accepts the key."""

    def list_names(
        self, client: Client, watch: Watch, report: Callable[[str], object]
    ) -> Iterator[str]:
        """Yield the full names of the repositories that are meant; report owners without any."""

    def find_repository(self, context: Context, name: str) -> Repository:
        """Return a repository, stored, with the name it goes by today."""

    def estimate_calls(
        self, client: Client, engine: Engine | None, name: str, read_range: ReadRange
    ) -> Estimate:
        """Return what it takes to read a repository; without `engine` there is no database."""

    # What the reconciler compares time and again.

    def read_workflows(self, context: Context, repository: Repository) -> None:
        """Store the workflows."""

    def read_recent_runs(self, context: Context, repository: Repository, since: datetime) -> None:
        """Store the runs created since a time that are not stored as they are."""

    def read_open_runs(self, context: Context, repository: Repository, now: datetime) -> int:
        """Ask again for runs that have not ended, when it is time; count those given up."""

    def read_moved_branches(
        self, context: Context, repository: Repository, since: datetime
    ) -> bool:
        """Store branches and the commits they moved over; False when some are left."""

    def read_failure_reasons(
        self,
        engine: Engine,
        client: Client,
        repositories: Mapping[int, str],
        *,
        now: datetime,
        requests: int,
        report: Callable[[str], None],
    ) -> ReasonsRead:
        """Store why jobs failed that have no reason yet; `repositories`: repos.Id -> name."""

    # What an audit compares, and fetches.

    def list_branches(self, context: Context, repository: Repository) -> Heads | None:
        """Return what each branch points at; None where the list would not stand still."""

    def list_runs(
        self, context: Context, repository: Repository, since: datetime, until: datetime
    ) -> tuple[list[ListedRun], list[BrokenList]]:
        """List the runs created in a span, both ends included, and what is not whole."""

    def has_runs_before(self, context: Context, repository: Repository, time: datetime) -> bool:
        """Tell whether a run is listed that was created before a time."""

    def list_jobs(
        self, context: Context, repository: Repository, runs: Iterable[int]
    ) -> dict[int, list[ListedJob]]:
        """Return the jobs of all attempts of runs."""

    def find_absent_attempts(
        self, context: Context, repository: Repository, attempts: Iterable[Attempt]
    ) -> set[Attempt]:
        """Return the attempts that the vendor does not have either."""

    def list_commits(
        self,
        context: Context,
        repository: Repository,
        heads: Heads,
        since: datetime,
        side: datetime | None,
    ) -> list[ListedCommit]:
        """Return the default branch's commits since a time; those of others since `side`."""

    def reread_runs(self, context: Context, repository: Repository, runs: Iterable[int]) -> None:
        """Store runs with all their attempts and jobs as they are now."""

    def reread_branches(self, context: Context, repository: Repository) -> None:
        """Store the branches anew."""

    def read_named_commits(
        self, context: Context, repository: Repository, hashes: Iterable[str]
    ) -> None:
        """Store commits by their hashes, those that are gone left out."""

    # Webhooks.

    def list_hooks(
        self, client: Client, repository: Repository, seen: dict[str, list[Webhook] | None]
    ) -> list[Webhook] | None:
        """Return the webhooks of a repository and its owner; None where the key sees none.

        Lists that are in `seen` are not asked for again.
        """

    def recover_deliveries(
        self,
        context: Context,
        hook: Webhook,
        provider: str,
        now: datetime,
        kept_for: timedelta,
        keep: Callable[[list[Delivery]], None],
    ) -> RecoveredDeliveries:
        """Fetch what a webhook made and we lack, and give it to `keep` to be stored.

        `kept_for` is how long our own deliveries are kept.
        """

    def read_app(self, settings: Settings) -> App | None:
        """Return the app that sends deliveries, if the settings name one."""

    def open_app_client(self, app: App, other: Client) -> Client:
        """Return a client that is an app, at the server of another client. Raises BadSetting."""

    def hook_owners(self, patterns: Sequence[str]) -> list[HookOwner]:
        """Return whose webhooks `-r` means, each once."""

    def check_listener_url(self, url: str) -> str:
        """Return the URL of a listener. Raises BadSetting."""

    def inspect_hooks(
        self, client: Client, owner: HookOwner, url: str | None, known: KnownHooks
    ) -> Iterator[CheckLine]:
        """Yield how the webhooks fare that are ours; `url` is where they should point."""

    def set_up_hook(
        self, client: Client, owner: HookOwner, url: str, secret: str, sending: frozenset[int]
    ) -> tuple[Webhook, str, int]:
        """Make or repair the webhook of an owner and have it pinged.

        Return it, what was done, and the id of the last delivery before the ping.
        """

    def wait_for_ping(self, client: Client, hook: Webhook, last: int) -> str:
        """Return, in words, what becomes of a ping after the delivery `last`."""

    def explain_refusal(self, client: Client, owner: HookOwner, problem: ApiError) -> str:
        """Return in one line why the webhooks of an owner are not to be had."""


VENDORS: dict[str, Vendor] = {
    "github": github,
}


def vendor_of(provider: str) -> Vendor:
    """Return the vendor of a provider (`github:HOST` is one of GitHub's servers)."""
    return VENDORS[provider.partition(":")[0]]


def chosen_vendor(settings: Settings) -> Vendor:
    """Return the vendor whose repositories the settings name."""
    return VENDORS[next(iter(settings.sources))]
