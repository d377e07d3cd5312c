"""The rest of bodies that are too long for one packet of a database server."""

from __future__ import annotations

from sqlalchemy import Integer

from engines.column_types import Bytes, Exact
from schema.tables.columns import column, provider, row_id, table

deliveryparts = table(
    "deliveryparts",
    "What follows the first part of a long body, which is in deliveries.body",
    row_id(),
    provider(),
    column("guid", Exact(64), "key", "deliveries.guid", nullable=False),
    column("number", Integer(), "key", "1 for the part after the first", nullable=False),
    column("body", Bytes, "own", "Bytes as they follow, zlib", nullable=False),
)
