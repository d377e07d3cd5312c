"""Give branches the git author of the commit they point at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    select,
    tuple_,
    update,
)

from engines import kind_of
from engines.chunks import chunks
from schema.tables.ci import branches, commits

Values = dict[str, Any]


def assign_authors(
    connection: Connection, touched: Sequence[Values], brought: Sequence[Values]
) -> None:
    """Give branches the author of their head commit, whichever of the two came last.

    The commits are read with a lock that waits for writers: of two transactions that bring a
    branch and its commit at once, the later one sees the other's row.
    """
    names = {(values["repoid"], values["name"]) for values in touched}
    hashes = {(values["repoid"], values["hash"]) for values in brought}
    rows = {row.Id: row for row in rows_of(connection, branches_by("name"), names)}
    rows |= {row.Id: row for row in rows_of(connection, branches_by("headhash"), hashes)}
    heads = {(row.repoid, row.headhash) for row in rows.values() if row.headhash}
    authors = {
        (row.repoid, row.hash): row.author for row in rows_of(connection, commits_of(), heads)
    }
    changes = []
    for _, row in sorted(rows.items()):
        author = authors.get((row.repoid, row.headhash))
        # A stub of an earlier installation knows the author, but not where the branch points.
        if row.version and author != row.author:
            changes.append({"row": row.Id, "now": author})
    if changes:
        kind_of(connection).post(connection, author_of_branch(), changes)


def rows_of(
    connection: Connection, query: Select[Any], keys: set[tuple[int, str]]
) -> Iterator[Row[Any]]:
    """Yield the rows of names or hashes, each with its repository's number."""
    for part in chunks(sorted(keys)):
        yield from connection.execute(query, {"those": part}).all()


@lru_cache
def branches_by(name: str) -> Select[Any]:
    """Return the query that locks branches by their repository and another column."""
    branch = branches.c
    query = select(branch.Id, branch.repoid, branch.headhash, branch.author, branch.version)
    return query.where(among(branch.repoid, branch[name])).order_by(branch.Id).with_for_update()


@lru_cache
def commits_of() -> Select[Any]:
    """Return the query for commits, which waits for those who write them."""
    commit = commits.c
    query = select(commit.repoid, commit.hash, commit.author)
    return query.where(among(commit.repoid, commit.hash)).with_for_update(read=True)


def among(*columns: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that columns together are one of `those`."""
    keys: BindParameter[Any] = bindparam("those", expanding=True)
    return tuple_(*columns).in_(keys)


@lru_cache
def author_of_branch() -> Update:
    """Return the statement that gives a branch its author."""
    return update(branches).where(branches.c.Id == bindparam("row")).values(author=bindparam("now"))
