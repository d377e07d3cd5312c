"""What moved branches, to order pushes of one second; it begins with where they point now."""

import struct
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from engines import kind_of
from engines.column_types import ID, Exact, Moment
from schema.migrations.steps import create_table, needed, repo_id

revision = "0009"
down_revision = "0008"

KEY = ("repoid", "name", "time", "beforehash", "afterhash")
PART = 1000
READ = "*"


def upgrade() -> None:
    create_table(
        "branchmoves",
        "What moved each branch in the two newest seconds that are known;"
        " orders pushes of one second",
        repo_id(),
        needed("name", Exact(), "branches.name"),
        needed("time", Moment, "Time of the repository's push"),
        needed(
            "beforehash",
            Exact(64),
            "Commit it left, empty for none; `?` a deletion that does not say,"
            " `*` read from the API",
        ),
        needed("afterhash", Exact(64), "Commit it came to; empty once deleted"),
        unique=KEY,
    )
    note_heads()


def note_heads() -> None:
    """Note where each branch points, as of its version's time, as if it had been read then."""
    connection, after = op.get_bind(), 0
    one = sa.table("branches", *map(sa.column, (ID, *KEY[:2], "headhash", "version"))).c
    query = sa.select(one.Id, one.repoid, one.name, one.headhash, one.version).order_by(one.Id)
    query = query.where(one.repoid.is_not(None), one.name.is_not(None))
    types = {"time": Moment}
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
