"""Verdicts and warnings."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    steps.create_table(
        "audits",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column("audittime", column_types.Moment, nullable=False, comment="When it was asked"),
        sa.Column(
            "door", column_types.Exact(16), nullable=False, comment="command, reconciler or offline"
        ),
        sa.Column(
            "since", column_types.Moment, nullable=False, comment="First moment that was looked at"
        ),
        sa.Column(
            "until",
            column_types.Moment,
            comment="Last moment; complete until then where nothing is missing",
        ),
        sa.Column("listed", column_types.BigId, comment="Runs that GitHub lists in it"),
        sa.Column("stored", column_types.BigId, comment="How many of these are stored whole"),
        sa.Column(
            "missing", column_types.BigId, nullable=False, comment="Findings that are missing data"
        ),
        sa.Column(
            "findings", column_types.Long(), nullable=False, comment="What was found, as JSON"
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "audittime", name="uq_audits"),
        comment="Verdicts: what GitHub lists in a span of time, against what is stored",
        **steps.OPTIONS,
    )
    steps.create_index("ix_audits_time", "audits", ["audittime"])
    steps.create_table(
        "health",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "subject",
            column_types.Exact(512),
            nullable=False,
            comment="Full name of a repository; empty for all",
        ),
        sa.Column(
            "name",
            column_types.Exact(64),
            nullable=False,
            comment="What is watched: silence, hook, token, ...",
        ),
        sa.Column("state", column_types.Exact(16), nullable=False, comment="good, warning or bad"),
        sa.Column(
            "detail", column_types.Long(), comment="What a person should know, in one sentence"
        ),
        sa.Column(
            "changetime", column_types.Moment, nullable=False, comment="When the state last changed"
        ),
        sa.Column(
            "checktime", column_types.Moment, nullable=False, comment="When it was last looked at"
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("subject", "name", name="uq_health"),
        comment="Warnings and their absence: one row for each thing that is watched",
        **steps.OPTIONS,
    )
