"""Why jobs failed."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    steps.create_table(
        "failures",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column("jobgitid", column_types.BigId, nullable=False, comment="jobs.gitid of the job"),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="1 for the first message of the job"
        ),
        sa.Column("repoid", column_types.BigId, comment="repos.Id of the repository"),
        sa.Column("rungitid", column_types.BigId, comment="workflowruns.gitid of its run"),
        sa.Column("attempt", sa.Integer(), comment="Attempt of the run that the job belongs to"),
        sa.Column("job", column_types.Long(), comment="Name of the job"),
        sa.Column(
            "step", column_types.Long(), comment="Name of the step that failed; NULL when none did"
        ),
        sa.Column(
            "source", column_types.Exact(16), nullable=False, comment="annotation, log, or none"
        ),
        sa.Column(
            "absence",
            column_types.Exact(16),
            comment="Why the log gave no message: gone, huge, or silent",
        ),
        sa.Column(
            "message",
            column_types.Long(),
            comment="What GitHub or the log says; NULL when it cannot be had",
        ),
        sa.Column("context", column_types.Long(), comment="Lines of the log before it"),
        sa.Column(
            "masked",
            column_types.Long(),
            comment="The message without numbers, hashes, paths and times",
        ),
        sa.Column(
            "fingerprint",
            column_types.Exact(64),
            comment="Hash of the masked message, after the masking's revision",
        ),
        sa.Column("path", column_types.Long(), comment="File that the message names"),
        sa.Column("line", sa.Integer(), comment="Line in it"),
        sa.Column("time", column_types.Moment, comment="When the job ended"),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "jobgitid", "number", name="uq_failures"),
        comment="What failed jobs say; a job whose message cannot be had has one row that says so",
        **steps.OPTIONS,
    )
    steps.create_index("ix_failures_fingerprint", "failures", ["fingerprint"])
    steps.create_index("ix_failures_run", "failures", ["provider", "rungitid"])
    steps.create_index("ix_failures_time", "failures", ["time"])
