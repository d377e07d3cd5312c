"""Failures by time: what all errors of some days come to read each error's of all days."""

from schema.migrations.steps import create_index

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    columns = ["time", "fingerprint", "kind", "repoid", "jobgitid"]
    create_index("ix_failures_time", "failures", columns)
