"""Point branches where their stored moves end, after all rows of a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Delete, Row, Select, Update, and_, bindparam, delete, select
from sqlalchemy import update as update_of

from engines import kind_of
from rows import version
from rows.branch_moves import Move, head_after, newest_times
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches
from store.write.branch_authors import among, rows_of

Values = dict[str, Any]


def derive_heads(connection: Connection, moved: Sequence[Values]) -> None:
    """Point branches where their moves end, and forget moves that no longer count.

    The branches are locked: of two transactions that move one at once, the later one sees all.
    """
    names = {(values["repoid"], values["name"]) for values in moved}
    stored: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows_of(connection, moves_of(), names):
        stored[row.Id].append(row)
    changes, forgotten = list[Values](), list[Values]()
    for number, rows in sorted(stored.items()):
        moves = {row.move: Move(row.time, row.beforehash, row.afterhash) for row in rows}
        times = newest_times(moves.values())
        forgotten += [{"row": Id} for Id, move in moves.items() if move.time not in times]
        if not version.is_of(rows[0].version, times[-1]):
            continue  # a later record without moves: of a release that did not note them
        head = head_after(moves.values()) or None
        gone = None if head else times[-1]
        if (rows[0].headhash, rows[0].deletetime) != (head, gone):
            changes.append({"row": number, "head": head, "gone": gone})
    if changes:
        kind_of(connection).post(connection, head_of_branch(), changes)
    if forgotten:
        kind_of(connection).post(connection, move_by_id(), forgotten)


@lru_cache
def moves_of() -> Select[Any]:
    """Return the query that locks branches, with their moves."""
    branch, move = branches.c, branchmoves.c
    columns = (branch.Id, branch.headhash, branch.deletetime, branch.version)
    query = select(*columns, move.Id.label("move"), move.time, move.beforehash, move.afterhash)
    same = and_(move.repoid == branch.repoid, move.name == branch.name)
    query = query.join_from(branches, branchmoves, same)
    return query.where(among(branch.repoid, branch.name)).order_by(branch.Id).with_for_update()


@lru_cache
def head_of_branch() -> Update:
    """Return the statement that points a branch at a commit, or says since when it is gone."""
    statement = update_of(branches).where(branches.c.Id == bindparam("row"))
    return statement.values(headhash=bindparam("head"), deletetime=bindparam("gone"))


@lru_cache
def move_by_id() -> Delete:
    """Return the statement that forgets a move."""
    return delete(branchmoves).where(branchmoves.c.Id == bindparam("row"))
