"""Roll-ups for the pages."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    steps.create_table(
        "dirtyruns",
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
        sa.Column(
            "rungitid", column_types.BigId, nullable=False, comment="workflowruns.gitid of the run"
        ),
        sa.Column(
            "mark",
            column_types.BigId,
            nullable=False,
            comment="Counts the changes: a later one is not lost",
        ),
        sa.Column(
            "marktime",
            column_types.Moment,
            nullable=False,
            comment="When the first of them was written",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "rungitid", name="uq_dirtyruns"),
        comment="Runs that changed since the roll-ups of their days were made",
        **steps.OPTIONS,
    )
    steps.create_table(
        "rollspans",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("kind", column_types.Exact(16), nullable=False, comment="day, night or flakes"),
        sa.Column("begintime", column_types.Moment, nullable=False, comment="Its first moment"),
        sa.Column(
            "endtime",
            column_types.Moment,
            nullable=False,
            comment="Its end, which does not belong to it",
        ),
        sa.Column(
            "rules",
            column_types.Exact(64),
            nullable=False,
            comment="Hash of the rules it was made by",
        ),
        sa.Column(
            "revision", column_types.BigId, nullable=False, comment="Counts how often it was made"
        ),
        sa.Column("rolltime", column_types.Moment, nullable=False, comment="When it was made"),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("kind", "begintime", name="uq_rollspans"),
        comment="Spans of time whose roll-ups are made",
        **steps.OPTIONS,
    )
    steps.create_table(
        "rollups",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "begintime",
            column_types.Moment,
            nullable=False,
            comment="rollspans.begintime of the day",
        ),
        sa.Column(
            "repoid",
            column_types.BigId,
            nullable=False,
            comment="repos.Id of the repository; 0 for all",
        ),
        sa.Column("runs", column_types.BigId, nullable=False, comment="How many runs"),
        sa.Column(
            "open", column_types.BigId, nullable=False, comment="How many of them have not ended"
        ),
        sa.Column("newest", column_types.Moment, comment="When the last of them was created"),
        sa.Column("changed", column_types.Moment, comment="When GitHub last changed one of them"),
        sa.Column(
            "detail",
            column_types.Long(),
            comment="What they and their jobs have in common, as JSON",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "begintime", name="uq_rollups"),
        comment="The runs and jobs that a repository, or all together, created on a day",
        **steps.OPTIONS,
    )
    steps.create_index(
        "ix_rollups_figures",
        "rollups",
        ["begintime", "repoid", "runs", "open", "newest", "changed"],
    )
    steps.create_table(
        "rollnights",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "begintime",
            column_types.Moment,
            nullable=False,
            comment="rollspans.begintime of the night",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column(
            "way",
            column_types.Exact(16),
            nullable=False,
            comment="What makes them nightly: schedule, branch, group",
        ),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="failed, running, warned, passed or nothing",
        ),
        sa.Column("runs", sa.Integer(), nullable=False, comment="How many runs"),
        sa.Column(
            "detail",
            column_types.Long(),
            nullable=False,
            comment="Workflows that ran, and what failed, as JSON",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "begintime", "way", name="uq_rollnights"),
        comment="What a repository's nightly runs did in a night",
        **steps.OPTIONS,
    )
    steps.create_index("ix_rollnights_time", "rollnights", ["begintime"])
    steps.create_table(
        "rollflakes",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column("place", sa.Integer(), nullable=False, comment="0 for the most often flaky"),
        sa.Column(
            "detail",
            column_types.Long(),
            nullable=False,
            comment="The job and its figures, as JSON",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("place", name="uq_rollflakes"),
        comment="Flaky jobs of the days that the page Flakes shows at first",
        **steps.OPTIONS,
    )
