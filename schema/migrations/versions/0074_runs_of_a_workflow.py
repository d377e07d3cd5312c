"""On PostgreSQL: main_red and main_now, which every upgrade makes, and that a workflow is of one
repository, without which the runs of each were read and sorted to find the newest.
"""

from alembic import op

from engines import kind_of

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    """Say it, and count again, as a server would sooner or later."""
    if statement := kind_of(op.get_bind()).dependency:
        names = {"table": "workflowruns", "column": "workflowgitid", "follows": "repoid"}
        op.execute(statement.format(**names))
        op.execute("ANALYZE workflowruns")
