"""Room for bodies that are too long for one packet."""

from __future__ import annotations

import sqlalchemy as sa

from engines import column_types
from schema.migrations import steps

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    steps.create_table(
        "deliveryparts",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "provider",
            column_types.Exact(255),
            nullable=False,
            comment="Server that gave the ids: github, or github:host",
        ),
        sa.Column("guid", column_types.Exact(64), nullable=False, comment="deliveries.guid"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 for the part after the first"),
        sa.Column("body", column_types.Bytes, nullable=False, comment="Bytes as they follow, zlib"),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint("provider", "guid", "number", name="uq_deliveryparts"),
        comment="What follows the first part of a long body, which is in deliveries.body",
        **steps.OPTIONS,
    )
