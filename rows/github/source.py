"""GitHub's record among the sources."""

from __future__ import annotations

from rows.github import branch, events, failure, job, links, repo
from rows.source_record import Links, Source

GITHUB = Source(
    name="github",
    title="GitHub",
    events={
        event: (rows_of.__doc__ or "").strip().removeprefix("Return ")
        for event, rows_of in events.EVENTS.items()
    },
    ignored=events.IGNORED,
    rows_for=events.rows_for,
    rows_read=events.rows_read,
    repository_of=events.repository_of,
    provider_of=repo.provider_of,
    branch_of=branch.branch_of,
    is_foreign_job=job.is_foreign,
    annotation_messages=failure.of_annotations,
    log_messages=failure.of_log,
    links=Links(links.repository, links.compare, links.new_issue),
)
