"""Read GitHub's API, object by object, and its webhooks: `backfill.vendors.Vendor`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backfill.github.all_runs import read_runs
from backfill.github.api import (
    ADDRESS,
    APP_HOOK,
    KEY,
    TITLE,
    check_key,
    open_app_client,
    open_client,
    read_app,
)
from backfill.github.audit_lists import (
    find_absent_attempts,
    has_runs_before,
    list_branches,
    list_commits,
    list_jobs,
    list_runs,
)
from backfill.github.branches import (
    read_branches,
    read_moved_branches,
    read_workflows,
    reread_branches,
)
from backfill.github.commits import read_commits, read_named_commits
from backfill.github.delivery_log import recover_deliveries
from backfill.github.estimate import estimate_calls
from backfill.github.failure_reasons import read_failure_reasons
from backfill.github.recent_runs import read_open_runs, read_recent_runs, reread_runs
from backfill.github.repositories import find_repository, list_names
from backfill.github.webhook_setup import (
    check_listener_url,
    explain_refusal,
    hook_owners,
    inspect_hooks,
    set_up_hook,
    wait_for_ping,
)
from backfill.github.webhooks import list_hooks
from backfill.github.windows import RERUN_DAYS as CHANGES_FOR
from backfill.pipeline.context import Context
from backfill.records import ReadRange, Repository

__all__ = [
    "ADDRESS",
    "APP_HOOK",
    "CHANGES_FOR",
    "KEY",
    "NO_HOOK_RIGHTS",
    "NO_KEY",
    "PHASES",
    "TITLE",
    "check_key",
    "check_listener_url",
    "estimate_calls",
    "explain_refusal",
    "find_absent_attempts",
    "find_repository",
    "has_runs_before",
    "hook_owners",
    "inspect_hooks",
    "list_branches",
    "list_commits",
    "list_hooks",
    "list_jobs",
    "list_names",
    "list_runs",
    "open_app_client",
    "open_client",
    "read_app",
    "read_failure_reasons",
    "read_moved_branches",
    "read_named_commits",
    "read_open_runs",
    "read_recent_runs",
    "read_workflows",
    "recover_deliveries",
    "reread_branches",
    "reread_runs",
    "set_up_hook",
    "wait_for_ping",
]

NO_KEY = (
    "without a key GitHub allows 60 calls an hour instead of 5,000: give one with -k, or in "
    "GITHUB_TOKEN or GITHUB_TOKEN_FILE"
)
NO_HOOK_RIGHTS = "permission Webhooks, or scope admin:repo_hook"

PHASES: Sequence[tuple[str, Callable[[Context, Repository, ReadRange], None]]] = (
    ("workflows", lambda context, repository, _: read_workflows(context, repository)),
    ("branches", lambda context, repository, _: read_branches(context, repository)),
    ("runs", read_runs),
    (
        "commits",
        lambda context, repository, chosen: read_commits(context, repository, chosen.commits),
    ),
)
