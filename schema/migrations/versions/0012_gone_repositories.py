"""Since when a repository is gone at its vendor, and why."""

from engines.column_types import Moment, Name
from schema.migrations.steps import add_column, column

revision = "0012"
down_revision = "0015"


def upgrade() -> None:
    add_column(
        "repos",
        column("gonetime", Moment, "Since when it is gone; with no gonereason, when it was back"),
    )
    add_column(
        "repos",
        column("gonereason", Name(64), "Why its server has it no more; NULL while it has it"),
    )
