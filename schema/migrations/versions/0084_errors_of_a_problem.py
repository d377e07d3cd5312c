"""Errors that are one problem, counted by an index: each failure of the problem was read."""

from schema.migrations.steps import create_index, drop_index

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    columns = ["problem", "fingerprint", "time", "jobgitid"]
    create_index("ix_failures_same_problem", "failures", columns)
    drop_index("ix_failures_problem", "failures")
