"""What a store holds after deliveries."""

import zlib
from typing import Any

import sqlalchemy as sa

from schema.tables.ci import metadata
from schema.tables.deliveries import deliveries

FILLED = {"sources", "package_managers", "url_types", "depends_on_types"}
"""What a migration fills."""
# What the threads beside reception keep for themselves.
ASIDE = {
    *("leases", "marks", *FILLED, "dirtyruns", "rollspans"),
    *("rollups", "rollparts", "rollnights", "rollflakedays"),
}


def counted(engine: sa.Engine) -> dict[str, int]:
    """Return how many rows each table has that deliveries fill, without the empty ones."""
    with engine.connect() as connection:
        found = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            for table in metadata.sorted_tables
            if table.name not in ASIDE
        }
    return {name: number for name, number in found.items() if number}


def kept(engine: sa.Engine) -> list[dict[str, Any]]:
    """Return the stored deliveries, bodies decompressed, without times and the Id."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(deliveries).order_by(deliveries.c.Id)).mappings()
        found = [dict(row) for row in rows]
    for row in found:
        row["body"] = None if row["body"] is None else zlib.decompress(row["body"])
        for name in ("Id", "receivetime", "applytime"):
            del row[name]
    return found
