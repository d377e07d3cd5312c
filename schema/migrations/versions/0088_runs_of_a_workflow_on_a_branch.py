"""The runs of a workflow on a branch: of one that never runs on main, all it had were read."""

from schema.migrations.steps import create_index

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    columns = ["repoid", "workflowgitid", "branchname", "createtime"]
    create_index("ix_workflowruns_main", "workflowruns", columns)
