"""What a column is: its meaning for people, and its kind for the store.

Each column has a `comment` (its meaning, for people) and a kind (for the store):

- key: names the row; the table's only UNIQUE
- state: what the vendor changes; the record with the greater version wins
- fixed: the same in every record that has it; a known value is never replaced by nothing
- place: where the repository is today; the latest writer knows best, and no version has it
- parent: whose row it is, once that is known; a record that says otherwise is refused
- first, last: the least and the greatest value ever seen
- sticky: once true, always true
- derived: computed from stored rows
- own: the store's own business

A key may be unknown (NULL) only in rows that an earlier installation left and nobody has claimed
yet (store/write/adopted_repositories.py): every row that is written has its key, and a UNIQUE
lets NULLs be.
"""

from functools import cache
from typing import Any

from sqlalchemy import Column, Identity, MetaData, Table, UniqueConstraint

from engines.column_types import ID, OPTIONS, BigId, Exact, Name, Version

metadata = MetaData()


def column(
    name: str, type_: Any, kind: str, comment: str, *, unknown: bool = False, **options: Any
) -> Column[Any]:
    """Return a column with its kind and its comment; a key holds NULL only if it is `unknown`."""
    options.setdefault("nullable", unknown or kind != "key")
    return Column(name, type_, comment=comment, info={"kind": kind}, **options)


def row_id() -> Column[Any]:
    comment = "Number of the row here; gaps mean nothing"
    info = {"kind": "own"}
    return Column(ID, BigId, Identity(), comment=comment, info=info, primary_key=True)


def order() -> Column[Any]:
    comment = "Orders the records of this row; compared as bytes, empty in a stub"
    return column("version", Version, "own", comment, nullable=False, server_default="")


def repo_name() -> Column[Any]:
    return column("repo", Name(), "place", "Full name of the repository today: org/name")


def repo_id(kind: str = "parent", *, unknown: bool = False) -> Column[Any]:
    return column("repoid", BigId, kind, "repos.Id of the repository", unknown=unknown)


def provider(*, unknown: bool = False) -> Column[Any]:
    comment = "Server that gave the ids: github, or github:host"
    return column("provider", Exact(255), "key", comment, unknown=unknown)


def git_id(name: str, kind: str, comment: str, *, unknown: bool = False) -> Column[Any]:
    return column(name, BigId, kind, comment, unknown=unknown)


def table(name: str, comment: str, *parts: Any) -> Table:
    """Return a table that is the same on every engine; its UNIQUE is made of the key columns."""
    described = Table(name, metadata, *parts, comment=comment, **OPTIONS)
    described.append_constraint(UniqueConstraint(*keys(described), name=f"uq_{name}"))
    return described


@cache
def keys(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that name a row, the widest scope first."""
    return tuple(sorted(of_kind(table, "key"), key=lambda name: name not in ("provider", "repoid")))


@cache
def of_kind(table: Table, *kinds: str) -> tuple[str, ...]:
    """Return the names of the columns of these kinds, in order."""
    return tuple(one.name for one in table.columns if one.info["kind"] in kinds)
