"""The pull request of a run; the runs of a pull request, a branch and a workflow by time."""

from sqlalchemy import Integer

from schema.migrations.steps import add_column, column, create_index

revision = "0042"
down_revision = "0046"


def upgrade() -> None:
    comment = "The least pull request it is of, of no fork"
    add_column("workflowruns", column("pullrequest", Integer(), comment))
    for name, columns in (
        ("pull", ["pullrequest", "repoid", "createtime"]),
        ("branch", ["repoid", "branchname", "createtime"]),
        ("workflow", ["repoid", "workflowgitid", "createtime"]),
    ):
        create_index(f"ix_workflowruns_{name}", "workflowruns", columns)
