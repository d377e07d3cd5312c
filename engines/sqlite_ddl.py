"""How SQLite spells columns, views and changes of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles

from engines.column_types import Exact, Long, Name
from engines.kind import ListView


def allow_ddl(connection: Connection) -> None:
    """Let tables be made anew that others refer to."""
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - the connection is open
    # Both have no effect within a transaction, so SQLAlchemy must not begin one for them.
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA legacy_alter_table = ON")


def allow_null(connection: Connection, table: str, columns: Sequence[str]) -> None:
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


def list_view(view: ListView) -> tuple[str, ...]:
    """Return the statements that make a view anew."""
    own = (f"{view.table}.{column}" for column in view.columns)
    fields = (f"json_extract(item.value, '$.{name}') AS {name}" for name in view.fields)
    return (
        f"DROP VIEW IF EXISTS {view.name}",
        f"CREATE VIEW {view.name} AS SELECT {', '.join((*own, *fields))}"  # noqa: S608 - names of ours
        f" FROM {view.table}, json_each({view.table}.{view.column}) AS item",
    )


@compiles(Exact, "sqlite")
def exact(type_: Exact, _: Any, **__: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE BINARY"


@compiles(Name, "sqlite")
def name(type_: Name, _: Any, **__: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE NOCASE"


@compiles(Long, "sqlite")
def long(_: Long, __: Any, **___: Any) -> str:
    return "TEXT COLLATE NOCASE"
