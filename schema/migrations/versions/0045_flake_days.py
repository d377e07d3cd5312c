"""What says of each day which jobs were flaky, so that any days are added up quickly."""

from engines.column_types import Long, Moment
from schema.migrations.steps import create_table, needed

revision = "0045"
down_revision = "0061"


def upgrade() -> None:
    create_table(
        "rollflakedays",
        "On which commits each job ended on a day, and how where it failed and passed on one",
        needed("begintime", Moment, "rollspans.begintime of the day"),
        needed("detail", Long(), "Commits, links to other days, and ends, as JSON"),
        unique=["begintime"],
    )
