"""The router: which rows a GitHub event carries, and which events carry none.

`EVENTS` is every event we ask GitHub for. `READS` is the same for objects read from the API,
wrapped in the webhook's shape: `{"workflow_run": run, "workflow": ..., "repository": ...}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rows import Mapped, Row, fields
from rows.github import branch, commit, job, repo, workflow, workflowrun
from rows.github.repo import Repository
from rows.source_record import SeenRepository

Payload = Mapping[str, Any]
Rows = Iterable[Row | None]


Seen = SeenRepository  # until its last importer asks rows.sources


def part(payload: Payload, key: str) -> dict[str, Any]:
    """Return the object under `key`. Raises Unmappable where it is missing."""
    return fields.needed(fields.child(payload, key, "payload"), "payload", key)


def push(payload: Payload, found: Repository) -> Rows:
    """Return the branch a push moved and the commits it brought."""
    return [branch.pushed_row(payload, found), *commit.pushed_rows(payload, found)]


def create(payload: Payload, found: Repository) -> Rows:
    """Return the stub of a branch that was made."""
    return [branch.named_row(payload, found, "create")]


def delete(payload: Payload, found: Repository) -> Rows:
    """Return the end of a branch."""
    return [branch.named_row(payload, found, "delete")]


def repository(payload: Payload, found: Repository) -> Rows:
    """Return nothing more than the repository's own rows."""
    return []


def workflow_run(payload: Payload, found: Repository) -> Rows:
    """Return the workflow, the run and its attempt."""
    run = part(payload, "workflow_run")
    flow = fields.child(payload, "workflow", "payload")
    known = [] if flow is None else [workflow.workflow_row(flow, found)]
    return [*known, *workflowrun.run_rows(run, flow, found)]


def workflow_job(payload: Payload, found: Repository) -> Rows:
    """Return the job, and the stubs of its run and attempt."""
    return job.job_rows(part(payload, "workflow_job"), found)


def branch_listed(payload: Payload, found: Repository) -> Rows:
    """Return a branch of the API's list."""
    return [branch.listed_row(part(payload, "branch"), found)]


def branch_gone(payload: Payload, found: Repository) -> Rows:
    """Return the end of a branch that the API's list no longer has."""
    name = fields.text(part(payload, "branch"), "name", "branch")
    return [branch.deleted_row(fields.needed(name, "branch", "name"), found, branch.API)]


def commit_listed(payload: Payload, found: Repository) -> Rows:
    """Return a commit of the API's list."""
    return [commit.listed_row(part(payload, "commit"), found)]


def workflow_listed(payload: Payload, found: Repository) -> Rows:
    """Return a workflow of the API's list."""
    return [workflow.workflow_row(part(payload, "workflow"), found)]


EVENTS: dict[str, Callable[[Payload, Repository], Rows]] = {
    "push": push,
    "create": create,
    "delete": delete,
    "repository": repository,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
}

READS: dict[str, Callable[[Payload, Repository], Rows]] = {
    "repository": repository,
    "branch": branch_listed,
    "branch_gone": branch_gone,
    "commit": commit_listed,
    "workflow": workflow_listed,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
}

# https://docs.github.com/webhooks/webhook-events-and-payloads
IGNORED = frozenset(
    """
    branch_protection_configuration branch_protection_rule check_run check_suite
    code_scanning_alert commit_comment custom_property custom_property_values
    custom_property_promoted_to_enterprise dependabot_alert deploy_key deployment
    deployment_protection_rule deployment_review deployment_status discussion discussion_comment
    enterprise exemption_request_push_ruleset exemption_request_secret_scanning fork
    github_app_authorization gollum installation installation_repositories installation_target
    issue_comment issue_dependencies issues label marketplace_purchase member membership
    merge_group meta milestone org_block organization organization_custom_property
    organization_custom_property_values package page_build personal_access_token_request project
    project_card project_column projects_v2 projects_v2_item projects_v2_status_update public
    pull_request pull_request_review pull_request_review_comment pull_request_review_thread
    registry_package release repository_advisory repository_dispatch repository_import
    repository_ruleset repository_vulnerability_alert secret_scanning_alert
    secret_scanning_alert_location secret_scanning_scan security_advisory security_and_analysis
    sponsorship star status sub_issues team team_add watch workflow_dispatch
    """.split()
)


def repository_of(payload: Payload) -> SeenRepository | None:
    """Return the repository a payload is about, None for one without. Raises Unmappable."""
    if payload.get("repository") is None:
        return None
    found, former = repo.repository(payload), tuple(repo.former_names(payload))
    return SeenRepository(found.provider, found.gitid, found.name, former)


def mapped(payload: Payload, rows_of: Callable[[Payload, Repository], Rows], rank: int) -> Mapped:
    """Return the repository's rows and those of `rows_of`."""
    found = repo.repository(payload)
    aliases = repo.alias_rows(found, repo.former_names(payload))
    rows = [row for row in rows_of(payload, found) if row is not None]
    return Mapped(found.provider, repo.repo_row(payload, found, rank), (*aliases, *rows))


def rows_for(event: str, payload: Payload) -> Mapped:
    """Return what one delivery says. Raises Unmappable for a field of the wrong type.

    `event` is one of EVENTS. An unread field may hold anything.
    """
    rank = repo.EVENT if event == "repository" else repo.PASSING
    return mapped(payload, EVENTS[event], rank)


def rows_read(kind: str, payload: Payload) -> Mapped:
    """Return what one object read from the API says; `kind` is one of READS. Raises Unmappable."""
    return mapped(payload, READS[kind], repo.API)
