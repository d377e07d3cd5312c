"""Steps of a migration that find out whether they are already done.

MySQL commits each DDL statement by itself: a migration killed half-way must be able to run again.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import inspect

OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "sqlite_autoincrement": True,
}


def create_table(name: str, *parts: Any, **options: Any) -> None:
    """Create a table unless it exists."""
    if not inspect(op.get_bind()).has_table(name):
        op.create_table(name, *parts, **options)


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Create an index unless it exists."""
    if name not in {index["name"] for index in inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)
