"""Point branches where their stored moves end, after all rows of a transaction."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, select, update

from engines import kind_of
from rows import version
from rows.branch_moves import Move, head_after, newest_times
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches
from store.write.branch_authors import StoredBranch, among, rows_of
from store.write.stored_rows import Values


def derive_heads(connection: Connection, moved: Sequence[Values]) -> list[StoredBranch]:
    """Point branches where their moves end, and forget moves that no longer count.

    The branches are locked: of two transactions that move one at once, the later one sees all.
    Returns them as they are now.
    """
    names = {(values["repoid"], values["name"]) for values in moved}
    stored: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows_of(connection, MOVES, names):
        stored[row.Id].append(row)
    known, changes, forgotten = list[StoredBranch](), list[Values](), list[Values]()
    for number, rows in sorted(stored.items()):
        branch = StoredBranch(*rows[0][: len(StoredBranch._fields)])
        moves = {row.move: Move(row.time, row.beforehash, row.afterhash) for row in rows}
        times = newest_times(moves.values())
        forgotten += [{"row": Id} for Id, move in moves.items() if move.time not in times]
        # Else there is a later record without moves, of a release that did not note them.
        if version.is_of(branch.version, times[-1]):
            head = head_after(moves.values()) or None
            gone = None if head else times[-1]
            if (branch.headhash, rows[0].deletetime) != (head, gone):
                changes.append({"row": number, "head": head, "gone": gone})
            branch = branch._replace(headhash=head)
        known.append(branch)
    if changes:
        kind_of(connection).post(connection, POINT_BRANCH, changes)
    if forgotten:
        kind_of(connection).post(connection, FORGET_MOVE, forgotten)
    return known


MOVES = (
    select(
        *(branches.c[name] for name in StoredBranch._fields),
        branches.c.deletetime,
        branchmoves.c.Id.label("move"),
        branchmoves.c.time,
        branchmoves.c.beforehash,
        branchmoves.c.afterhash,
    )
    .join_from(
        branches,
        branchmoves,
        and_(branchmoves.c.repoid == branches.c.repoid, branchmoves.c.name == branches.c.name),
    )
    .where(among(branches.c.repoid, branches.c.name))
    .order_by(branches.c.Id)
    .with_for_update()
)
"""Branches, which it locks, with their moves."""
POINT_BRANCH = (
    update(branches)
    .where(branches.c.Id == bindparam("row"))
    .values(headhash=bindparam("head"), deletetime=bindparam("gone"))
)
FORGET_MOVE = delete(branchmoves).where(branchmoves.c.Id == bindparam("row"))
