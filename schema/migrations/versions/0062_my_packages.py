"""Packages of ours, versions that were released red, and an index that dependents are read by."""

from sqlalchemy import Boolean

from schema.migrations.steps import add_column, column, create_index, drop_index

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
    name, columns = "ix_packageedges_dependents", ["dependency_id", "package_id", "kind"]
    create_index(name, "packageedges", columns)
    drop_index("ix_packageedges_needed", "packageedges")
