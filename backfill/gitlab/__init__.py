"""Read GitLab's API, object by object, and its webhooks: `backfill.vendors.Vendor`."""

from collections.abc import Callable, Sequence

from backfill.gitlab.api_access import ADDRESS as ADDRESS
from backfill.gitlab.api_access import KEY as KEY
from backfill.gitlab.api_access import NAME as NAME
from backfill.gitlab.api_access import TITLE as TITLE
from backfill.gitlab.api_access import check_key as check_key
from backfill.gitlab.api_access import open_client as open_client
from backfill.gitlab.audit_lists import count_runs_before as count_runs_before
from backfill.gitlab.audit_lists import find_absent_attempts as find_absent_attempts
from backfill.gitlab.audit_lists import find_absent_runs as find_absent_runs
from backfill.gitlab.audit_lists import find_numbered_runs as find_numbered_runs
from backfill.gitlab.audit_lists import find_runs as find_runs
from backfill.gitlab.audit_lists import list_jobs as list_jobs
from backfill.gitlab.audit_lists import list_runs as list_runs
from backfill.gitlab.audit_lists import list_workflow_ids as list_workflow_ids
from backfill.gitlab.audit_lists import walk_runs as walk_runs
from backfill.gitlab.branches import list_branches as list_branches
from backfill.gitlab.branches import list_commits as list_commits
from backfill.gitlab.branches import read_branches as read_branches
from backfill.gitlab.branches import read_commits as read_commits
from backfill.gitlab.branches import read_moved_branches as read_moved_branches
from backfill.gitlab.branches import read_named_commits as read_named_commits
from backfill.gitlab.branches import read_workflows as read_workflows
from backfill.gitlab.branches import reread_branches as reread_branches
from backfill.gitlab.estimate import estimate_calls as estimate_calls
from backfill.gitlab.failure_reasons import REASONS_FOR as REASONS_FOR
from backfill.gitlab.failure_reasons import read_failure_reasons as read_failure_reasons
from backfill.gitlab.failure_reasons import read_job_reasons as read_job_reasons
from backfill.gitlab.failure_reasons import read_job_versions as read_job_versions
from backfill.gitlab.failure_reasons import search_issues as search_issues
from backfill.gitlab.hook_log import APP_HOOK as APP_HOOK
from backfill.gitlab.hook_log import NO_HOOK_RIGHTS as NO_HOOK_RIGHTS
from backfill.gitlab.hook_log import list_hooks as list_hooks
from backfill.gitlab.hook_log import open_app_client as open_app_client
from backfill.gitlab.hook_log import read_app as read_app
from backfill.gitlab.hook_log import recover_deliveries as recover_deliveries
from backfill.gitlab.hook_registration import explain_refusal as explain_refusal
from backfill.gitlab.hook_registration import hook_owners as hook_owners
from backfill.gitlab.hook_registration import inspect_hooks as inspect_hooks
from backfill.gitlab.hook_registration import set_up_hook as set_up_hook
from backfill.gitlab.hook_registration import wait_for_ping as wait_for_ping
from backfill.gitlab.open_pipelines import read_open_runs as read_open_runs
from backfill.gitlab.projects import compare_commits as compare_commits
from backfill.gitlab.projects import find_known_repository as find_known_repository
from backfill.gitlab.projects import find_repository as find_repository
from backfill.gitlab.projects import list_names as list_names
from backfill.gitlab.runs_with_jobs import CHANGES_FOR as CHANGES_FOR
from backfill.gitlab.runs_with_jobs import read_recent_runs as read_recent_runs
from backfill.gitlab.runs_with_jobs import read_runs as read_runs
from backfill.gitlab.runs_with_jobs import reread_runs as reread_runs
from backfill.pipeline.context import Context
from backfill.records import ReadRange, Repository

NO_KEY = (
    "without a key GitLab shows public projects alone, and fewer of them in a minute: give one "
    "with -k, or in GITLAB_TOKEN or GITLAB_TOKEN_FILE"
)

PHASES: Sequence[tuple[str, Callable[[Context, Repository, ReadRange], None]]] = (
    ("branches", lambda context, repository, _: read_branches(context, repository)),
    ("pipelines", read_runs),
    ("commits", read_commits),
)
