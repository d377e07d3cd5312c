"""How MySQL and MariaDB change tables and make views."""

from collections.abc import Sequence

from sqlalchemy import Connection

from engines.kind import ListView

WAIT_SECONDS = 2
"""A statement that waits for a table lets nobody else begin to read it meanwhile: so it gives up,
lets them pass, and comes again. https://dev.mysql.com/doc/refman/8.4/en/metadata-locking.html"""

FIELDS = {"number": "INT", "text": "LONGTEXT", "word": "VARCHAR(64)", "time": "DATETIME(6)"}


def allow_ddl(connection: Connection) -> None:
    """Let no statement of this connection wait longer than WAIT_SECONDS for a table."""
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {WAIT_SECONDS}")
    connection.commit()


def allow_null(connection: Connection, table: str, columns: Sequence[str]) -> None:
    """Change the columns, which the server spells, in place."""
    shown = str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1])
    changes = [
        f"MODIFY COLUMN {line.replace(' NOT NULL', '', 1)}"
        for line in (line.strip().rstrip(",") for line in shown.splitlines())
        if line.startswith("`") and line.split("`")[1] in columns and " NOT NULL" in line
    ]
    if changes:
        changed = ", ".join(changes).replace("%", "%%")
        connection.exec_driver_sql(f"ALTER TABLE `{table}` {changed}, ALGORITHM=INPLACE, LOCK=NONE")


def make_view(name: str, query: str) -> tuple[str, ...]:
    """Return the statement that makes a view, or makes it anew."""
    return (f"CREATE OR REPLACE SQL SECURITY INVOKER VIEW {name} AS {query}",)


def list_view(view: ListView) -> tuple[str, ...]:
    """Return the statement that makes a view of a list's items, or makes it anew."""
    own = (f"{view.table}.{column}" for column in view.columns)
    items = (f"item.{name}" for name in view.fields)
    fields = (f"{name} {FIELDS[kind]} PATH '$.{name}'" for name, kind in view.fields.items())
    return make_view(
        view.name,
        f"SELECT {', '.join((*own, *items))} FROM {view.table},"  # noqa: S608 - names of ours
        f" JSON_TABLE({view.table}.{view.column}, '$[*]' COLUMNS ({', '.join(fields)})) AS item",
    )
