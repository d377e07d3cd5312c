"""Point branches where their stored moves end, and give them the author of that commit.

Both follow from stored rows, after all rows of a transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)

from engines import kind_of
from engines.asking.questions import Question, ask
from engines.chunks import chunks
from rows import version
from rows.branch_moves import Move, counting_times, end_after
from schema.tables.branch_moves import branchmoves
from schema.tables.ci import branches, commits
from store.write import lake_marks
from store.write.stored_rows import Values


class StoredBranch(NamedTuple):
    """A stored branch that this transaction has locked."""

    Id: int
    repoid: int
    name: str
    headhash: str | None
    author: str | None
    version: bytes


def derive_branches(connection: Connection, tables: Mapping[str, Sequence[Values]]) -> None:
    """Point the branches of a batch's rows where their moves end, and give them their authors."""
    moved = derive_heads(connection, tables["branchmoves"])
    assign_authors(connection, moved, tables["branches"], tables["commits"])


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
        is_heard = version.is_heard(branch.version)
        times = counting_times(moves.values(), is_heard=is_heard)
        forgotten += [{"row": Id} for Id, move in moves.items() if move.time not in times]
        # Else there is a later record without moves, of a release that did not note them.
        if version.is_of(branch.version, times[-1]):
            end = end_after(moves.values(), is_heard=is_heard)
            head, gone = end.head or None, None if end.head else end.time
            if (branch.headhash, rows[0].deletetime) != (head, gone):
                changes.append({"row": number, "head": head, "gone": gone})
            branch = branch._replace(headhash=head)
        known.append(branch)
    if changes:
        kind_of(connection).post(connection, POINT_BRANCH, changes)
    if forgotten:
        kind_of(connection).post(connection, FORGET_MOVE, forgotten)
    return known


def assign_authors(
    connection: Connection,
    moved: Iterable[StoredBranch],
    touched: Iterable[Values],
    brought: Iterable[Values],
) -> None:
    """Give branches the author of their head commit, whichever of the two came last.

    `moved` are those of the `touched` branches that were read already, `brought` the commits.
    The commits are read with a lock that waits for writers: of two transactions that bring a
    branch and its commit at once, the later one sees the other's row. A lake is told of them here,
    where all doors bring them.
    """
    stored = {branch.Id: branch for branch in moved}
    names = {(values["repoid"], values["name"]) for values in touched}
    names -= {(branch.repoid, branch.name) for branch in stored.values()}
    hashes = {(values["repoid"], values["hash"]) for values in brought}
    lake_marks.note_commits(connection, hashes)
    for query, keys in ((BY_NAME, names), (BY_HEAD, hashes)):
        stored |= {row.Id: StoredBranch._make(row) for row in rows_of(connection, query, keys)}
    heads = {(branch.repoid, branch.headhash) for branch in stored.values() if branch.headhash}
    authors = {(row.repoid, row.hash): row.author for row in rows_of(connection, COMMITS, heads)}
    changes = []
    for number, branch in sorted(stored.items()):
        author = authors.get((branch.repoid, branch.headhash))
        # A stub of an earlier installation knows the author, but not where the branch points.
        if branch.version and author != branch.author:
            changes.append({"row": number, "now": author})
    if changes:
        kind_of(connection).post(connection, ASSIGN_AUTHOR, changes)


def rows_of(
    connection: Connection, query: Select[Any], keys: set[tuple[int, str]]
) -> Iterator[Row[Any]]:
    """Yield the rows of names or hashes, each with its repository's number."""
    for part in chunks(sorted(keys)):
        yield from ask(connection, Question(query, {"those": part}))[0]


def among(*columns: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that columns together are one of `those`."""
    keys: BindParameter[Any] = bindparam("those", expanding=True)
    return tuple_(*columns).in_(keys)


BRANCHES = (
    select(*(branches.c[name] for name in StoredBranch._fields))
    .order_by(branches.c.Id)
    .with_for_update()
)
BY_NAME = BRANCHES.where(among(branches.c.repoid, branches.c.name))
BY_HEAD = BRANCHES.where(among(branches.c.repoid, branches.c.headhash))
COMMITS = (
    select(commits.c.repoid, commits.c.hash, commits.c.author)
    .where(among(commits.c.repoid, commits.c.hash))
    .with_for_update(read=True)
)
"""Waits for those who write them."""
ASSIGN_AUTHOR = (
    update(branches).where(branches.c.Id == bindparam("row")).values(author=bindparam("now"))
)
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
