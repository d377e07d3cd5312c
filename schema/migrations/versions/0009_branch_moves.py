"""What moved branches, to order pushes of one second; it begins with where they point now."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from engines import column_types, kind_of
from schema.migrations import steps

revision = "0009"
down_revision = "0008"

KEY = ("repoid", "name", "time", "beforehash", "afterhash")
PART = 1000
READ = "*"


def upgrade() -> None:
    steps.create_table(
        "branchmoves",
        sa.Column(
            "Id",
            column_types.BigId,
            nullable=False,
            comment="Number of the row here; gaps mean nothing",
        ),
        sa.Column(
            "repoid", column_types.BigId, nullable=False, comment="repos.Id of the repository"
        ),
        sa.Column("name", column_types.Exact(), nullable=False, comment="branches.name"),
        sa.Column(
            "time",
            column_types.Moment,
            nullable=False,
            comment="Time of the repository's push",
        ),
        sa.Column(
            "beforehash",
            column_types.Exact(64),
            nullable=False,
            comment="Commit it left, empty for none;"
            " `?` a deletion that does not say, `*` read from the API",
        ),
        sa.Column(
            "afterhash",
            column_types.Exact(64),
            nullable=False,
            comment="Commit it came to; empty once deleted",
        ),
        sa.PrimaryKeyConstraint("Id"),
        sa.UniqueConstraint(*KEY, name="uq_branchmoves"),
        comment="What moved each branch in the two newest seconds that are known;"
        " orders pushes of one second",
        **steps.OPTIONS,
    )
    note_heads()


def note_heads() -> None:
    """Note where each branch points, as of its version's time, as if it had been read then."""
    connection, after = op.get_bind(), 0
    one = sa.table("branches", *map(sa.column, ("Id", *KEY[:2], "headhash", "version"))).c
    query = sa.select(one.Id, one.repoid, one.name, one.headhash, one.version).order_by(one.Id)
    query = query.where(one.repoid.is_not(None), one.name.is_not(None))
    types = {"time": column_types.Moment}
    moves = sa.table("branchmoves", *(sa.column(name, types.get(name)) for name in KEY))
    insert = kind_of(connection).insert_or(moves, KEY, lambda new: [])  # type: ignore[arg-type]
    while branches := connection.execute(query.where(one.Id > after).limit(PART)).all():
        after = branches[-1].Id
        rows = [
            {
                "repoid": branch.repoid,
                "name": branch.name,
                "time": time_of(branch.version),
                "beforehash": READ,
                "afterhash": branch.headhash or "",
            }
            for branch in branches
            if any(branch.version[:8])
        ]
        if rows:
            connection.execute(insert, rows)


def time_of(version: bytes) -> datetime:
    """Return the time that a branch's version begins with."""
    (micros,) = struct.unpack(">Q", version[:8])
    return datetime(1970, 1, 1) + timedelta(microseconds=micros)
