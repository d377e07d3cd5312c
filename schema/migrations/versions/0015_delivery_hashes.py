"""A hash of each delivery's body: another body under a known guid is another delivery."""

from engines.column_types import Exact
from schema.migrations.steps import add_column, column

revision = "0015"
down_revision = "0010"


def upgrade() -> None:
    comment = "SHA-256 of the body; NULL when ignored, or older"
    add_column("deliveries", column("bodyhash", Exact(64), comment))
