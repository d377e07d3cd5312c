"""Packages that a list of ours names, and versions that were released from a red commit."""

from sqlalchemy import Boolean

from schema.migrations.steps import add_column, column

revision = "0062"
down_revision = "0038"


def upgrade() -> None:
    add_column(
        "packages",
        column("mine", Boolean(), "Whether a lock file or requirements of ours come down to it"),
    )
    add_column(
        "versions",
        column("releasedred", Boolean(), "CI of its commit was red when published; NULL: unknown"),
    )
