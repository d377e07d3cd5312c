"""Steps of a migration that find out whether they are already done.

MySQL commits each DDL statement by itself: a migration killed half-way must be able to run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import op
from sqlalchemy import Connection, inspect

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


def allow_null_if_empty(table: str, columns: Sequence[str]) -> None:
    """Let columns of a table without rows hold NULL that could not."""
    connection = op.get_bind()
    if connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first() is not None:  # noqa: S608 - a table of ours
        return
    if connection.dialect.name == "sqlite":
        allow_null_sqlite(connection, table, columns)
        return
    shown = str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1])
    lines = [line.strip().rstrip(",") for line in shown.splitlines()]
    changes = [
        f"MODIFY COLUMN {line.replace(' NOT NULL', '', 1)}"
        for line in lines
        if line.split("`")[1:2] and line.split("`")[1] in columns
        if line.startswith("`") and " NOT NULL" in line
    ]
    if changes:
        changed = ", ".join(changes).replace("%", "%%")
        connection.exec_driver_sql(f"ALTER TABLE `{table}` {changed}, ALGORITHM=INPLACE, LOCK=NONE")


def allow_null_sqlite(connection: Connection, table: str, columns: Sequence[str]) -> None:
    """Make the table anew, with its indexes: SQLite can change no column."""
    query = (
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
        " AND type IN ('table', 'index', 'trigger') ORDER BY type = 'table' DESC, name"
    )
    ddl, *others = connection.exec_driver_sql(query, (table,)).scalars().all()
    lines = ddl.splitlines()
    changed = [
        line.replace(" NOT NULL", "", 1)
        if line.split()[:1] and line.split()[0] in columns
        else line
        for line in lines
    ]
    if changed == lines:
        return
    old = f"{table}_before"
    for statement in (
        "SAVEPOINT allow_null",
        f'ALTER TABLE "{table}" RENAME TO "{old}"',
        "\n".join(changed),
        f'DROP TABLE "{old}"',
        *others,
        "RELEASE allow_null",
    ):
        connection.exec_driver_sql(statement)
