"""What the last whole load of a feed brought, the settings of the last one, and the next."""

from engines.column_types import Exact, Long, Moment
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
    add_column("feedstates", column("nexttime", Moment, "When it is due next"))
