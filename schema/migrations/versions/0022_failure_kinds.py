"""Whether a stored message is known to be the cause."""

from engines.column_types import Exact
from schema.migrations.steps import add_column, column

revision = "0022"
down_revision = "0012"


def upgrade() -> None:
    add_column(
        "failures",
        column("kind", Exact(16), "cause, end, or vague; NULL where it was read before"),
    )
