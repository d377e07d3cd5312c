"""One index that holds all that counting errors asks of a failure, in place of two."""

from schema.migrations.steps import create_index, drop_index

revision = "0017"
down_revision = "0016"

COLUMNS = ["fingerprint", "time", "kind", "repoid", "jobgitid", "provider", "rungitid"]


def upgrade() -> None:
    create_index("ix_failures_error", "failures", COLUMNS)
    drop_index("ix_failures_fingerprint", "failures")
    drop_index("ix_failures_time", "failures")
