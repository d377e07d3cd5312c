"""GitHub among the sources: all that others ask of its rows, and addresses of its website."""

from __future__ import annotations

from urllib.parse import urlencode

from rows.github import (
    branch,
    events,
    failure,
    job_kinds,
    repo,
    workflowrun,
)
from rows.source_record import Links, Source


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
    events={
        event: (rows_of.__doc__ or "").strip().removeprefix("Return ")
        for event, rows_of in events.EVENTS.items()
    },
    ignored=events.IGNORED,
    triggers=workflowrun.TRIGGERS,
    schedules=workflowrun.SCHEDULES,
    proposals=workflowrun.PROPOSALS,
    run_events=("workflow_run", "workflow_job"),
    rows_for=events.rows_for,
    rows_read=events.rows_read,
    repository_of=repo.repository_of,
    provider_of=repo.provider_of,
    runs_of=workflowrun.runs_of,
    push_of=branch.push_of,
    is_foreign_job=job_kinds.is_foreign,
    annotation_messages=failure.annotation_messages,
    log_messages=failure.log_messages,
    links=Links(repository_page, compare_page, new_issue_page),
)
