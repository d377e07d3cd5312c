"""Read GitHub's API, object by object, and its webhooks: `backfill.vendors.Vendor`."""

from collections.abc import Callable, Sequence

from backfill.github.all_runs import read_runs as read_runs
from backfill.github.all_runs import reread_runs as reread_runs
from backfill.github.api_access import ADDRESS as ADDRESS
from backfill.github.api_access import APP_HOOK as APP_HOOK
from backfill.github.api_access import KEY as KEY
from backfill.github.api_access import NAME as NAME
from backfill.github.api_access import TITLE as TITLE
from backfill.github.api_access import check_key as check_key
from backfill.github.api_access import open_app_client as open_app_client
from backfill.github.api_access import open_client as open_client
from backfill.github.api_access import read_app as read_app
from backfill.github.audit_lists import count_runs_before as count_runs_before
from backfill.github.audit_lists import find_absent_attempts as find_absent_attempts
from backfill.github.audit_lists import find_absent_runs as find_absent_runs
from backfill.github.audit_lists import find_numbered_runs as find_numbered_runs
from backfill.github.audit_lists import find_runs as find_runs
from backfill.github.audit_lists import list_jobs as list_jobs
from backfill.github.audit_lists import list_runs as list_runs
from backfill.github.audit_lists import list_workflow_ids as list_workflow_ids
from backfill.github.audit_lists import walk_runs as walk_runs
from backfill.github.branches_and_workflows import list_branches as list_branches
from backfill.github.branches_and_workflows import read_branches as read_branches
from backfill.github.branches_and_workflows import read_workflows as read_workflows
from backfill.github.commits import list_commits as list_commits
from backfill.github.commits import read_commits as read_commits
from backfill.github.commits import read_named_commits as read_named_commits
from backfill.github.delivery_log import recover_deliveries as recover_deliveries
from backfill.github.estimate import estimate_calls as estimate_calls
from backfill.github.failure_reasons import REASONS_FOR as REASONS_FOR
from backfill.github.failure_reasons import read_failure_reasons as read_failure_reasons
from backfill.github.failure_reasons import read_job_reasons as read_job_reasons
from backfill.github.failure_reasons import read_job_versions as read_job_versions
from backfill.github.hook_registration import explain_refusal as explain_refusal
from backfill.github.hook_registration import hook_owners as hook_owners
from backfill.github.hook_registration import inspect_hooks as inspect_hooks
from backfill.github.hook_registration import set_up_hook as set_up_hook
from backfill.github.hook_registration import wait_for_ping as wait_for_ping
from backfill.github.job_logs import search_issues as search_issues
from backfill.github.recent_changes import read_moved_branches as read_moved_branches
from backfill.github.recent_changes import read_open_runs as read_open_runs
from backfill.github.recent_changes import read_recent_runs as read_recent_runs
from backfill.github.recent_changes import reread_branches as reread_branches
from backfill.github.repository_lookup import compare_commits as compare_commits
from backfill.github.repository_lookup import find_known_repository as find_known_repository
from backfill.github.repository_lookup import find_repository as find_repository
from backfill.github.repository_lookup import list_names as list_names
from backfill.github.webhooks import list_hooks as list_hooks
from backfill.github.windows import CHANGES_FOR as CHANGES_FOR
from backfill.pipeline.context import Context
from backfill.records import ReadRange, Repository

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
