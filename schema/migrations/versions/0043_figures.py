"""How a day's runs and jobs ended, and on which runners, beside its roll-up."""

from engines.column_types import Long
from schema.migrations.steps import add_column, column

revision = "0043"
down_revision = "0060"


def upgrade() -> None:
    comment = "How they ended, on which runners, what for, as JSON"
    add_column("rollups", column("figures", Long(), comment))
