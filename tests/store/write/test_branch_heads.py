"""A push reads its branch once: for where it points, and for whose commit that is."""

import sqlalchemy as sa
from sqlalchemy import Engine

from tests.store import production_doors
from tests.stories import git


def test_branch_that_moves_is_read_once_by_its_name(engine: Engine):
    first, second = production_doors.told(git.TWO_PUSHES)[:2]
    production_doors.store(engine, first.delivery)
    reads = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(connection, cursor, statement: str, parameters, context, many):
        if statement.startswith("SELECT branches"):
            reads.append("branchmoves" in statement)

    production_doors.store(engine, second.delivery)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert reads == [True]  # with its moves
