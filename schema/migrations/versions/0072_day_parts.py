"""What says of each day what one workflow, job or branch did in it, and how jobs ended."""

from engines.column_types import Exact, Long, Moment
from schema.migrations.steps import create_index, create_table, needed

revision = "0072"
down_revision = "0077"


def upgrade() -> None:
    create_table(
        "rollparts",
        "What one workflow, job or branch did on a day, and how the jobs of a repository ended",
        needed("begintime", Moment, "rollspans.begintime of the day"),
        needed("part", Exact(64), "SHA-256 of what kind of part it is, and of its name"),
        needed("detail", Long(), "Its runs and jobs as in rollups.detail by event, as JSON"),
        unique=["begintime", "part"],
    )
    create_index("ix_rollparts_part", "rollparts", ["part", "begintime"])
