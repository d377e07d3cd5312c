"""GitLab among the sources: all that others ask of its rows, and addresses of its website."""

from urllib.parse import urlencode

from rows.gitlab import branch, events, repo, secrets, triggers, workflowrun
from rows.gitlab.job_trace import NO_MARK, TraceFailureReader
from rows.gitlab.words import describe_reason
from rows.source_record import Links, Source
from rows.versions.log_reader import LogVersionReader, Script

CUSTOM_TEMPLATE, SAMPLE = "custom_template", "sample"
SILENT = {
    SAMPLE: "it is the sample that GitLab sends to try a webhook, of a project that nobody has",
    CUSTOM_TEMPLATE: "the body has neither object_kind nor event_name: a custom template's, say",
}
"""What is called an event and is none, and what the sender is told."""
IGNORED = frozenset(
    f"""
    {CUSTOM_TEMPLATE} {SAMPLE}
    deployment emoji feature_flag group_create group_destroy group_rename issue
    key_create key_destroy member_approval merge_request milestone note release repository_update
    resource_access_token subgroup_create subgroup_destroy user_access_request_denied_for_group
    user_access_request_denied_for_project user_access_request_revoked_for_group
    user_access_request_revoked_for_project user_access_request_to_group
    user_access_request_to_project user_add_to_group user_add_to_team user_create user_destroy
    user_failed_login user_remove_from_group user_remove_from_team user_rename
    user_update_for_group user_update_for_team vulnerability wiki_page work_item
    gitlab_subscription_member_approval gitlab_subscription_member_approvals
    """.split()
)
"""Events that GitLab documents and that carry no rows.

https://docs.gitlab.com/user/project/integrations/webhook_events/
https://docs.gitlab.com/administration/system_hooks/
"""


def repository_page(run_url: str) -> str:
    """Return the project's page from a pipeline's."""
    return run_url.partition("/-/")[0]


def compare_page(repo_url: str, older: str, newer: str) -> str:
    """Return the page of what lies between two commits."""
    return f"{repo_url}/-/compare/{older}...{newer}"


def new_issue_page(repo_url: str, title: str, body: str) -> str:
    """Return the form of a new issue, filled in.

    https://docs.gitlab.com/user/project/issues/create_issues/#using-a-url-with-prefilled-values
    """
    query = urlencode({"issue[title]": title, "issue[description]": body})
    return f"{repo_url}/-/issues/new?{query}"


def version_reader() -> LogVersionReader:
    """Return a reader of the versions that a trace lists, in all of its sections."""
    return LogVersionReader(TraceFailureReader.dialect, {}, Script(NO_MARK, NO_MARK))


GITLAB = Source(
    name=repo.NAME,
    title="GitLab",
    host=repo.HOST,
    events={
        event: (rows_of.__doc__ or "").strip().splitlines()[0].removeprefix("Return ")
        for event, rows_of in events.EVENTS.items()
    },
    ignored=IGNORED,
    triggers=triggers.TRIGGERS,
    schedules=triggers.SCHEDULES,
    proposals=(*triggers.PROPOSALS, *triggers.ASIDE),
    pull_kind="merge request",
    pull_mark="!",
    children=(triggers.CHILD,),
    errands=(),
    run_events=("pipeline", "build"),
    rows_for=events.rows_for,
    rows_read=events.rows_read,
    repository_of=repo.repository_of,
    provider_of=repo.provider_of,
    runs_of=workflowrun.runs_of,
    action_of=events.action_of,
    push_of=branch.push_of,
    is_foreign_job=lambda job: False,
    annotation_messages=lambda annotations: [],
    failure_words=describe_reason,
    log_reader=TraceFailureReader,
    version_reader=version_reader,
    links=Links(repository_page, compare_page, new_issue_page),
    silent=SILENT,
    masked=secrets.masked,
    is_sample=repo.is_sample,
    retries_inside=True,
    waits_for_ever=True,
    unended=triggers.UNENDED,
    counts_by_workflow=False,
    watched_as=f"{repo.NAME}:",
)
