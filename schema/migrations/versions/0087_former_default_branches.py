"""Until when a branch was the default one: nights before the day it was renamed were empty."""

from engines.column_types import Moment
from schema.migrations.steps import add_column, column, create_index

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    comment = "Until when it was the default branch; NULL if unknown"
    add_column("branches", column("defaultuntil", Moment, comment))
    create_index("ix_branches_default", "branches", ["defaultuntil"])
