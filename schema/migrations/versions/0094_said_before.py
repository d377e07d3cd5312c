"""main_red and main_now, which every upgrade makes: what goes on after its end is what it was."""

from engines.column_types import Moment
from schema.migrations.steps import add_column, column

revision = "0094"
down_revision = "0092"


def upgrade() -> None:
    for name, said in (("passedtime", "passed"), ("failedtime", "failed")):
        comment = f"When it last {said}, or had so far; NULL on GitHub"
        add_column("workflowruns", column(name, Moment, comment))
