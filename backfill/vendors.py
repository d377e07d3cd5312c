"""Which folder reads which vendor's API, and what every such folder offers.

A vendor is a package beside `github/` that has the names of `Vendor`, and a line in VENDORS.
`audit/`, `reconcile/` and `command/` know no other way to it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from backfill import github, gitlab
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.rate_limit import LEFT_TO_OTHERS, Tell
from backfill.pipeline.context import Context
from backfill.pipeline.due_items import DueItems
from backfill.records import (
    App,
    BrokenList,
    CountedRuns,
    Estimate,
    HookOwner,
    KnownHooks,
    ListedCommit,
    ListedJob,
    ListedRun,
    ReadRange,
    ReasonsRead,
    RecoveredDeliveries,
    Refusal,
    Repository,
    Unread,
    Webhook,
)
from config.settings import Settings
from config.watch import Watch
from runtime.check_line import CheckLine
from store.deliveries.table import Delivery
from store.state.commit_ranges import CommitRange
from store.state.error_issues import ErrorIssue
from store.state.failures import FailedJob, FailureReason
from store.state.job_versions import VersionsRead

Attempt = tuple[int, int]
"""A run and the number of one of its attempts."""
Heads = dict[str, str | None]
"""What each branch points at."""
Phase = Callable[[Context, Repository, ReadRange], None]


class HookKeeper(Protocol):
    """What of a vendor's folder is asked for its webhooks."""

    NAME: str
    """The first word of its providers."""
    TITLE: str
    """The vendor's name as people write it."""
    ADDRESS: str
    """The setting that holds the API's address."""
    KEY: str
    """The setting that holds the key."""

    def open_client(
        self, settings: Settings, tell: Tell, *, left: float = LEFT_TO_OTHERS, caches: bool = False
    ) -> Client: ...
    def check_key(self, client: Client, tries: int) -> None: ...
    def hook_owners(self, patterns: Sequence[str]) -> list[HookOwner]: ...
    def inspect_hooks(
        self, client: Client, owner: HookOwner, url: str | None, known: KnownHooks
    ) -> Iterator[CheckLine]: ...
    def set_up_hook(
        self, client: Client, owner: HookOwner, url: str, secret: str, sending: frozenset[int]
    ) -> tuple[Webhook, str, int]: ...
    def wait_for_ping(self, client: Client, hook: Webhook, last: int) -> str: ...
    def explain_refusal(self, client: Client, owner: HookOwner, problem: ApiError) -> Refusal: ...


class Vendor(HookKeeper, Protocol):
    """What a vendor's folder offers; what each function does is said at its definition there.

    All that ask the vendor raise ApiError, and also BudgetSpent and RequestsStopped of
    http/rate_limit.py.
    """

    NO_KEY: str
    """What it means to have no key, in a sentence without an end."""
    NO_HOOK_RIGHTS: str
    """What a key needs to read webhooks, in a few words."""
    APP_HOOK: Webhook
    """The webhook of an app itself, whose log the app alone may read."""
    CHANGES_FOR: timedelta
    """How old a run may be when it changes for the last time."""
    REASONS_FOR: timedelta
    """How long it keeps what failed jobs say."""
    PHASES: Sequence[tuple[str, Phase]]
    """What a backfill reads of a repository, in this order; each stores what it reads."""

    def list_names(
        self, client: Client, watch: Watch, report: Callable[[str], object]
    ) -> Iterator[str]: ...
    def find_repository(self, context: Context, name: str) -> Repository: ...
    def find_known_repository(self, context: Context, gitid: int, name: str) -> Repository: ...
    def estimate_calls(
        self, client: Client, engine: Engine | None, name: str, read_range: ReadRange
    ) -> Estimate: ...

    # What the reconciler compares time and again.

    def read_workflows(self, context: Context, repository: Repository) -> None: ...
    def read_recent_runs(
        self, context: Context, repository: Repository, since: datetime
    ) -> None: ...
    def read_open_runs(self, context: Context, repository: Repository, now: datetime) -> int: ...
    def read_moved_branches(
        self, context: Context, repository: Repository, since: datetime
    ) -> bool: ...
    def read_failure_reasons(
        self,
        engine: Engine,
        client: Client,
        repositories: Mapping[int, str],
        *,
        now: datetime,
        requests: int,
        report: Callable[[str], None],
        due: DueItems,
    ) -> ReasonsRead: ...
    def read_job_versions(self, client: Client, name: str, jobgitid: int) -> VersionsRead: ...
    def compare_commits(
        self, context: Context, repository: Repository, base: str, head: str
    ) -> CommitRange: ...

    def read_job_reasons(
        self, client: Client, name: str, job: FailedJob, report: Callable[[str], None]
    ) -> list[FailureReason]: ...

    def search_issues(self, client: Client, name: str, words: str) -> list[ErrorIssue]: ...

    # What an audit compares, and fetches.

    def list_branches(
        self, context: Context, repository: Repository, stored: Iterable[str], unread: Unread
    ) -> Heads | None: ...
    def list_runs(
        self,
        context: Context,
        repository: Repository,
        since: datetime,
        until: datetime,
        unread: Unread,
    ) -> tuple[dict[int, ListedRun], list[BrokenList]]: ...
    def walk_runs(
        self, context: Context, repository: Repository, until: datetime, workflow: int | None = None
    ) -> CountedRuns: ...
    def find_runs(
        self, context: Context, repository: Repository, runs: Iterable[int]
    ) -> list[ListedRun]: ...
    def find_numbered_runs(
        self, context: Context, repository: Repository, numbers: Sequence[int]
    ) -> list[ListedRun]: ...
    def count_runs_before(
        self, context: Context, repository: Repository, time: datetime
    ) -> int: ...
    def list_workflow_ids(self, context: Context, repository: Repository) -> set[int]: ...
    def list_jobs(
        self, context: Context, repository: Repository, runs: Iterable[ListedRun], unread: Unread
    ) -> dict[int, list[ListedJob]]: ...
    def find_absent_runs(
        self, context: Context, repository: Repository, runs: Iterable[int]
    ) -> set[int]: ...
    def find_absent_attempts(
        self, context: Context, repository: Repository, attempts: Iterable[Attempt]
    ) -> set[Attempt]: ...
    def list_commits(
        self,
        context: Context,
        repository: Repository,
        heads: Heads,
        since: datetime,
        side: datetime | None,
        unread: Unread,
    ) -> list[ListedCommit]: ...
    def reread_runs(
        self, context: Context, repository: Repository, runs: Iterable[int]
    ) -> None: ...
    def reread_branches(self, context: Context, repository: Repository) -> None: ...
    def read_named_commits(
        self, context: Context, repository: Repository, hashes: Iterable[str]
    ) -> None: ...

    # Webhooks.

    def list_hooks(
        self, client: Client, repository: Repository, seen: dict[str, list[Webhook] | None]
    ) -> list[Webhook] | None: ...
    def recover_deliveries(
        self,
        context: Context,
        hook: Webhook,
        provider: str,
        now: datetime,
        kept_for: timedelta,
        keep: Callable[[list[Delivery]], None],
    ) -> RecoveredDeliveries: ...
    def read_app(self, settings: Settings) -> App | None: ...
    def open_app_client(self, app: App, other: Client) -> Client: ...


VENDORS: dict[str, Vendor] = {
    "github": github,
    "gitlab": gitlab,
}


def vendor_of(provider: str) -> Vendor:
    """Return the vendor of a provider (`github:HOST` is one of GitHub's servers)."""
    return VENDORS[provider.partition(":")[0]]


HOOK_KEEPERS: dict[str, HookKeeper] = {**VENDORS}


def chosen_vendor(settings: Settings) -> Vendor:
    """Return the vendor whose repositories the settings name."""
    return VENDORS[settings.vendor]
