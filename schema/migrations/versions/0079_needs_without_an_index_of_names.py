"""Names of what versions need without an index: nothing reads it, each first load pays for it."""

from schema.migrations.steps import drop_index

revision = "0079"
down_revision = "0076"


def upgrade() -> None:
    drop_index("ix_dependencies_name", "dependencies")
