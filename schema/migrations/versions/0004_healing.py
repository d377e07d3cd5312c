"""Leases, and what the reconciler remembers."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    steps.create_table(
        "leases",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("name", column_types.Exact(64), nullable=False, comment="What the work is"),
        sa.Column(
            "holder",
            column_types.Exact(255),
            comment="Who does it: host, process and a random part",
        ),
        sa.Column(
            "endtime",
            column_types.Moment,
            nullable=False,
            comment="Until when, on the database's clock",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("name", name="uq_leases"),
        comment="Work that one process at a time may do, over all replicas",
        **steps.OPTIONS,
    )
    steps.create_table(
        "rereads",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column(
            "rungitid", column_types.BigId, nullable=False, comment="workflowruns.gitid of the run"
        ),
        sa.Column("tries", sa.Integer(), nullable=False, comment="How often it was asked for"),
        sa.Column("duetime", column_types.Moment, nullable=False, comment="When to ask again"),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="waiting, or abandoned: never ended",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "rungitid", name="uq_rereads"),
        comment="Runs that have been open longer than they should: when to ask GitHub again",
        **steps.OPTIONS,
    )
    steps.create_index("ix_rereads_due", "rereads", ["state", "duetime"])
    steps.create_table(
        "marks",
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
            comment="Repository or hook; empty for all",
        ),
        sa.Column("name", column_types.Exact(64), nullable=False, comment="What is remembered"),
        sa.Column("value", column_types.Long(), comment="As text or JSON"),
        sa.Column("time", column_types.Moment, nullable=False, comment="When it was noted"),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("subject", "name", name="uq_marks"),
        comment="What the reconciler remembers between two cycles",
        **steps.OPTIONS,
    )
