"""Steps of a migration that find out whether they are already done.

MySQL commits each DDL statement by itself: a migration killed half-way must be able to run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import op
from sqlalchemy import inspect

from engines import kind_of
from engines.column_types import OPTIONS as OPTIONS


def create_table(name: str, *parts: Any, **options: Any) -> None:
    """Create a table unless it exists."""
    if not inspect(op.get_bind()).has_table(name):
        op.create_table(name, *parts, **options)


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Create an index unless it exists."""
    if name not in {index["name"] for index in inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def allow_null_if_empty(table: str, columns: Sequence[str]) -> None:
    """Let columns of a table without rows hold NULL that could not."""
    connection = op.get_bind()
    if connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first() is not None:  # noqa: S608 - a table of ours
        return
    kind_of(connection).allow_null(connection, table, columns)
