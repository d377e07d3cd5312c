"""GitHub's record among the sources."""

from __future__ import annotations

from rows.github import (
    api_objects,
    branch,
    events,
    failure,
    ignored,
    job_kinds,
    links,
    repo,
    workflowrun,
)
from rows.source_record import Links, Source

GITHUB = Source(
    name="github",
    title="GitHub",
    events={
        event: (rows_of.__doc__ or "").strip().removeprefix("Return ")
        for event, rows_of in events.EVENTS.items()
    },
    ignored=ignored.IGNORED,
    triggers=workflowrun.TRIGGERS,
    schedules=workflowrun.SCHEDULES,
    proposals=workflowrun.PROPOSALS,
    run_events=("workflow_run", "workflow_job"),
    rows_for=events.rows_for,
    rows_read=api_objects.rows_read,
    repository_of=events.repository_of,
    provider_of=repo.provider_of,
    runs_of=workflowrun.runs_of,
    push_of=branch.push_of,
    is_foreign_job=job_kinds.is_foreign,
    annotation_messages=failure.annotation_messages,
    log_messages=failure.log_messages,
    links=Links(links.repository, links.compare, links.new_issue),
)
