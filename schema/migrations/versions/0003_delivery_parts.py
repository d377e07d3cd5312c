"""Room for bodies that are too long for one packet."""

from sqlalchemy import Integer

from engines.column_types import Bytes, Exact
from schema.migrations.steps import create_table, needed, provider

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_table(
        "deliveryparts",
        "What follows the first part of a long body, which is in deliveries.body",
        provider(),
        needed("guid", Exact(64), "deliveries.guid"),
        needed("number", Integer(), "1 for the part after the first"),
        needed("body", Bytes, "Bytes as they follow, zlib"),
        unique=["provider", "guid", "number"],
    )
