"""Whether the store is complete and fresh: verdicts and findings, with their time."""

from sqlalchemy import Index

from engines.column_types import BigId, Exact, Long, Moment
from schema.tables.columns import column, repo_id, row_id, table

audits = table(
    "audits",
    "Verdicts: what GitHub lists in a span of time, against what is stored",
    row_id(),
    repo_id("key"),
    column("audittime", Moment, "key", "When it was asked"),
    column("door", Exact(16), "own", "command, reconciler or offline", nullable=False),
    column("since", Moment, "own", "First moment that was looked at", nullable=False),
    column("until", Moment, "own", "Last moment; complete until then where nothing is missing"),
    column("listed", BigId, "own", "Runs that GitHub lists in it"),
    column("stored", BigId, "own", "How many of these are stored whole"),
    column("missing", BigId, "own", "Findings that are missing data", nullable=False),
    column("findings", Long(), "own", "What was found, as JSON", nullable=False),
    Index("ix_audits_time", "audittime"),
)

health = table(
    "health",
    "Warnings and their absence: one row for each thing that is watched",
    row_id(),
    column("subject", Exact(), "key", "Full name of a repository; empty for all"),
    column("name", Exact(64), "key", "What is watched: silence, hook, token, ..."),
    column("state", Exact(16), "own", "good, warning or bad", nullable=False),
    column("detail", Long(), "own", "What a person should know, in one sentence"),
    column("changetime", Moment, "own", "When the state last changed", nullable=False),
    column("checktime", Moment, "own", "When it was last looked at", nullable=False),
)
