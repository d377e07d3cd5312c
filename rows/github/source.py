"""GitHub among the sources: all that others ask of its rows, and addresses of its website."""

from urllib.parse import urlencode

from rows.github import branch, events, failure, job_times, repo, runner_versions, workflowrun
from rows.source_record import Links, Source

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
"""Events that GitHub documents and that carry no rows.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""


def repository_page(run_url: str) -> str:
    """Return the repository's page from a run's."""
    return run_url.partition("/actions/")[0]


def compare_page(repo_url: str, older: str, newer: str) -> str:
    """Return the page of what lies between two commits."""
    return f"{repo_url}/compare/{older}...{newer}"


def new_issue_page(repo_url: str, title: str, body: str) -> str:
    """Return the form of a new issue, filled in.

    https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/creating-an-issue
    """
    return f"{repo_url}/issues/new?{urlencode({'title': title, 'body': body})}"


GITHUB = Source(
    name="github",
    title="GitHub",
    host="github.com",
    events={
        event: (rows_of.__doc__ or "").strip().removeprefix("Return ")
        for event, rows_of in events.EVENTS.items()
    },
    ignored=IGNORED,
    triggers=workflowrun.TRIGGERS,
    schedules=workflowrun.SCHEDULES,
    proposals=workflowrun.PROPOSALS,
    pull_kind="pull request",
    pull_mark="#",
    children=(),
    errands=workflowrun.ERRANDS,
    run_events=("workflow_run", "workflow_job"),
    rows_for=events.rows_for,
    rows_read=events.rows_read,
    repository_of=lambda payload, provider: repo.repository_of(payload),
    provider_of=repo.provider_of,
    runs_of=workflowrun.runs_of,
    action_of=lambda payload: payload.get("action"),
    push_of=branch.push_of,
    is_foreign_job=job_times.is_foreign,
    annotation_messages=failure.annotation_messages,
    failure_words=lambda reason: None,
    log_reader=failure.LogFailureReader,
    version_reader=runner_versions.version_reader,
    links=Links(repository_page, compare_page, new_issue_page),
    silent={},
    masked=lambda payload: payload,
    is_sample=lambda payload: False,
    retries_inside=False,
    waits_for_ever=False,
    unended=(),
    counts_by_workflow=True,
    watched_as="",
)
