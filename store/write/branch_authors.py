"""Give branches the git author of the commit they point at."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    select,
    tuple_,
    update,
)

from engines import kind_of
from engines.chunks import chunks
from schema.tables.ci import branches, commits
from store.write.stored_rows import Values


def assign_authors(
    connection: Connection, touched: Sequence[Values], brought: Sequence[Values]
) -> None:
    """Give branches the author of their head commit, whichever of the two came last.

    The commits are read with a lock that waits for writers: of two transactions that bring a
    branch and its commit at once, the later one sees the other's row.
    """
    names = {(values["repoid"], values["name"]) for values in touched}
    hashes = {(values["repoid"], values["hash"]) for values in brought}
    rows = {row.Id: row for row in rows_of(connection, BY_NAME, names)}
    rows |= {row.Id: row for row in rows_of(connection, BY_HEAD, hashes)}
    heads = {(row.repoid, row.headhash) for row in rows.values() if row.headhash}
    authors = {(row.repoid, row.hash): row.author for row in rows_of(connection, COMMITS, heads)}
    changes = []
    for _, row in sorted(rows.items()):
        author = authors.get((row.repoid, row.headhash))
        # A stub of an earlier installation knows the author, but not where the branch points.
        if row.version and author != row.author:
            changes.append({"row": row.Id, "now": author})
    if changes:
        kind_of(connection).post(connection, ASSIGN_AUTHOR, changes)


def rows_of(
    connection: Connection, query: Select[Any], keys: set[tuple[int, str]]
) -> Iterator[Row[Any]]:
    """Yield the rows of names or hashes, each with its repository's number."""
    for part in chunks(sorted(keys)):
        yield from connection.execute(query, {"those": part}).all()


def among(*columns: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that columns together are one of `those`."""
    keys: BindParameter[Any] = bindparam("those", expanding=True)
    return tuple_(*columns).in_(keys)


BRANCHES = (
    select(
        branches.c.Id,
        branches.c.repoid,
        branches.c.headhash,
        branches.c.author,
        branches.c.version,
    )
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
