"""Steps of a migration that find out whether they are already done.

MySQL commits each DDL statement by itself: a migration killed half-way must be able to run again.
"""

from collections.abc import Sequence
from typing import Any

from alembic import op
from sqlalchemy import Column, Identity, PrimaryKeyConstraint, UniqueConstraint, inspect

from engines import kind_of
from engines.column_types import ID, OPTIONS, BigId, Exact, Name, Version


def create_table(name: str, comment: str, *columns: Column[Any], unique: Sequence[str]) -> None:
    """Create a table with an Id, unless it exists; these columns name a row."""
    if inspect(op.get_bind()).has_table(name):
        return
    comment_of_id = "Number of the row here; gaps mean nothing"
    op.create_table(
        name,
        Column(ID, BigId, Identity(), comment=comment_of_id, nullable=False),
        *columns,
        PrimaryKeyConstraint("Id"),
        UniqueConstraint(*unique, name=f"uq_{name}"),
        comment=comment,
        **OPTIONS,
    )


def column(name: str, type_: Any, comment: str, **options: Any) -> Column[Any]:
    """Return a column that may be NULL."""
    return Column(name, type_, comment=comment, **options)


def needed(name: str, type_: Any, comment: str, **options: Any) -> Column[Any]:
    """Return a column that may not."""
    return column(name, type_, comment, nullable=False, **options)


# What several of the first tables have; steps that are written stay as they are.


def provider() -> Column[Any]:
    return needed("provider", Exact(255), "Server that gave the ids: github, or github:host")


def repo_id() -> Column[Any]:
    return needed("repoid", BigId, "repos.Id of the repository")


def repo_name() -> Column[Any]:
    return column("repo", Name(512), "Full name of the repository today: org/name")


def run_id() -> Column[Any]:
    return needed("rungitid", BigId, "workflowruns.gitid of the run")


def version() -> Column[Any]:
    comment = "Orders the records of this row; compared as bytes, empty in a stub"
    return needed("version", Version, comment, server_default="")


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Create an index unless it exists."""
    if name not in {index["name"] for index in inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def drop_index(name: str, table: str) -> None:
    """Drop an index if it exists."""
    if name in {index["name"] for index in inspect(op.get_bind()).get_indexes(table)}:
        op.drop_index(name, table)


def add_column(table: str, new: Column[Any]) -> None:
    """Add a column after the others, unless it is there."""
    if new.name not in {known["name"] for known in inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, new)


def comment_column(table: str, name: str, type_: Any, comment: str) -> None:
    """Say anew what a column means that may be NULL, where the database keeps that."""
    if op.get_bind().dialect.supports_comments:
        op.alter_column(table, name, existing_type=type_, existing_nullable=True, comment=comment)


def allow_null_if_empty(table: str, columns: Sequence[str]) -> None:
    """Let columns of a table without rows hold NULL that could not."""
    connection = op.get_bind()
    if connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first() is not None:  # noqa: S608 - a table of ours
        return
    kind_of(connection).allow_null(connection, table, columns)
