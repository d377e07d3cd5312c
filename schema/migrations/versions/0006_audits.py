"""Verdicts and warnings."""

from engines.column_types import BigId, Exact, Long, Moment
from schema.migrations.steps import column, create_index, create_table, needed, repo_id

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    create_table(
        "audits",
        "Verdicts: what GitHub lists in a span of time, against what is stored",
        repo_id(),
        needed("audittime", Moment, "When it was asked"),
        needed("door", Exact(16), "command, reconciler or offline"),
        needed("since", Moment, "First moment that was looked at"),
        column("until", Moment, "Last moment; complete until then where nothing is missing"),
        column("listed", BigId, "Runs that GitHub lists in it"),
        column("stored", BigId, "How many of these are stored whole"),
        needed("missing", BigId, "Findings that are missing data"),
        needed("findings", Long(), "What was found, as JSON"),
        unique=["repoid", "audittime"],
    )
    create_index("ix_audits_time", "audits", ["audittime"])
    create_table(
        "health",
        "Warnings and their absence: one row for each thing that is watched",
        needed("subject", Exact(512), "Full name of a repository; empty for all"),
        needed("name", Exact(64), "What is watched: silence, hook, token, ..."),
        needed("state", Exact(16), "good, warning or bad"),
        column("detail", Long(), "What a person should know, in one sentence"),
        needed("changetime", Moment, "When the state last changed"),
        needed("checktime", Moment, "When it was last looked at"),
        unique=["subject", "name"],
    )
