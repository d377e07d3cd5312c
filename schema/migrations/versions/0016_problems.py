"""A second fingerprint of what failed jobs say: the same problem in many tests."""

from engines.column_types import Exact
from schema.migrations.steps import add_column, column, create_index

revision = "0016"
down_revision = "0022"


def upgrade() -> None:
    comment = "The same problem in many tests: hash of the message without what names the test"
    add_column("failures", column("problem", Exact(64), comment))
    create_index("ix_failures_problem", "failures", ["problem"])
