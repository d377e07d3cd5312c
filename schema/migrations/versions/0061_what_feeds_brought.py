"""What the last whole load of a feed brought, and the settings of the last one."""

from engines.column_types import Exact, Long
from schema.migrations.steps import add_column, column

revision = "0061"
down_revision = "0062"


def upgrade() -> None:
    add_column(
        "feedstates", column("brought", Long(), "Hashes of what its last whole load brought")
    )
    add_column(
        "feedstates",
        column("setup", Exact(64), "Hash of its settings, of which the last load failed"),
    )
