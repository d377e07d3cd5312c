"""Runs by how long they ran or waited, the longest first."""

from schema.migrations.steps import create_index

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    for name in ("runtime", "queuetime"):
        create_index(f"ix_workflowruns_{name}", "workflowruns", [name, "createtime"])
