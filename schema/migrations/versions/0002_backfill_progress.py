"""How far a backfill has come."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    steps.create_table(
        "commitwalks",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column("head", column_types.Exact(64), nullable=False, comment="Commit it starts from"),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="open, or closed: all down to its end is stored",
        ),
        sa.Column(
            "since",
            column_types.Moment,
            comment="Commit time it goes back to; NULL while that is not known",
        ),
        sa.Column("total", column_types.BigId, nullable=False, comment="Commits stored so far"),
        sa.Column(
            "nextpage",
            column_types.Long(),
            comment="Path of the next page to read; NULL for the first",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "head", name="uq_commitwalks"),
        comment="Heads whose history a backfill reads",
        **steps.OPTIONS,
    )
    steps.create_table(
        "etags",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column("path", column_types.Exact(512), nullable=False, comment="Path and query"),
        sa.Column("etag", column_types.Long(), nullable=False, comment="ETag of the answer"),
        sa.Column(
            "nextpage", column_types.Long(), comment="Path of the page after it; NULL for the last"
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "path", name="uq_etags"),
        comment="Stored pages of GitHub: with its ETag, an unchanged one costs nothing",
        **steps.OPTIONS,
    )
    steps.create_table(
        "runreads",
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
        sa.Column("createtime", column_types.Moment, comment="When the run was created"),
        sa.Column(
            "attempt", sa.Integer(), nullable=False, comment="Attempt in which it was listed"
        ),
        sa.Column("updatetime", column_types.Moment, comment="When GitHub had last changed it"),
        sa.Column(
            "ended",
            sa.Boolean(),
            nullable=False,
            comment="Whether it was completed when it was listed",
        ),
        sa.Column(
            "whole", sa.Integer(), nullable=False, comment="Attempts up to this one are stored"
        ),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="due, open (it had not ended), or done",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "rungitid", name="uq_runreads"),
        comment="How far a backfill has read each run; what is not done is asked for again",
        **steps.OPTIONS,
    )
    steps.create_index("ix_runreads_state", "runreads", ["repoid", "state"])
    steps.create_index("ix_runreads_time", "runreads", ["repoid", "createtime"])
    steps.create_table(
        "windows",
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
            "firsttime",
            column_types.Moment,
            nullable=False,
            comment="First second; 1970 means from the beginning",
        ),
        sa.Column("lasttime", column_types.Moment, nullable=False, comment="Last second"),
        sa.Column(
            "state",
            column_types.Exact(16),
            nullable=False,
            comment="open, listed, or closed: all in it is stored",
        ),
        sa.Column(
            "total",
            column_types.BigId,
            comment="Runs that GitHub counts in it; NULL until it was asked",
        ),
        sa.Column(
            "listed",
            column_types.BigId,
            nullable=False,
            comment="Runs of the pages that are stored",
        ),
        sa.Column(
            "nextpage",
            column_types.Long(),
            comment="Path of the next page to read; NULL for the first",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("repoid", "firsttime", "lasttime", name="uq_windows"),
        comment="Spans of time whose runs a backfill lists; together they have no gap",
        **steps.OPTIONS,
    )
    steps.create_index("ix_windows_state", "windows", ["repoid", "state"])
