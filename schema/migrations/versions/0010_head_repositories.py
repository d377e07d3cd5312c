"""Whose commit a run is of; jobs that started late; what is said of columns."""

from sqlalchemy import Boolean

from engines.column_types import Long, Moment, Name
from schema.migrations.steps import add_column, column, comment_column

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_column(
        "workflowruns",
        column(
            "headrepo",
            Name(512),
            "Full name of the repository its commit is from: a fork; NULL for its own,"
            " `unknown` for a fork that is gone",
        ),
    )
    add_column(
        "jobs",
        column(
            "latestart",
            Boolean(),
            "Its first step began a minute or more after started_at; starttime is that of the step",
        ),
    )
    comment_column(
        "runattempts",
        "starttime",
        Moment,
        "First start of a job of its own; NULL if it never started, else createtime",
    )
    comment_column(
        "deliveries",
        "error",
        Long(),
        "Why it is quarantined or ignored, or what of it is not known",
    )
