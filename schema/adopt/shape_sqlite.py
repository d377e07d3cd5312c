"""Make an SQLite table the described one: SQLite can change no column, so the table is made anew.

https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
"""

import re
from typing import Any, NamedTuple

from sqlalchemy import Connection, DateTime, Table
from sqlalchemy.schema import CreateTable

from schema.adopt.shape import Unadoptable, documented, index_ddl, our_indexes

EXACT = "____-__-__ __:__:__.______"


class Column(NamedTuple):
    """A column as PRAGMA table_info tells it."""

    cid: int
    name: str
    type: str
    notnull: int
    default: Any
    pk: int


def columns_of(connection: Connection, name: str) -> dict[str, Column]:
    """Return a table's columns by their names in lower case."""
    rows = connection.exec_driver_sql(f"PRAGMA table_info('{name}')")
    return {str(row[1]).lower(): Column(*row) for row in rows}


def source(connection: Connection, name: str) -> str:
    """Return a table's DDL as it is kept."""
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    return str(connection.exec_driver_sql(query, (name,)).scalar_one())


def lines(ddl: str) -> list[str]:
    """Return DDL without the differences that mean nothing.

    A key that may not be NULL is stricter than ours, because no row lacks it. A column that was
    added stands on the line of the one before it.
    """
    parts = re.split(r"\n|, (?=\w+ [A-Z])", ddl.replace(" NOT NULL", ""))
    return sorted(filter(None, (line.strip().rstrip(", ") for line in parts)))


def alteration(connection: Connection, table: Table, *, indexed: bool = True) -> list[str]:
    """Return the statements that make a table the described one; none when it is.

    It is made anew with its indexes, `indexed` or not. Raises Unadoptable.
    """
    stored = columns_of(connection, table.name)
    described = str(CreateTable(table).compile(dialect=connection.dialect)).strip()
    names = {column.name.lower() for column in table.columns}
    extra = [column for name, column in stored.items() if name not in names]
    shown = source(connection, table.name)
    for column in extra:
        shown = shown.replace(f", {definition(column)}", "")
    if lines(shown) == lines(described):
        return missing_indexes(connection, table)
    check_times(connection, table, stored)
    return rebuilding(connection, table, described, extra, stored)


def definition(column: Column) -> str:
    """Return the DDL of a column that is not ours, without the limits on its values."""
    default = "" if column.default is None else f" DEFAULT {column.default}"
    return f'"{column.name}" {column.type}{default}'.rstrip()


def missing_indexes(connection: Connection, table: Table) -> list[str]:
    """Return the DDL of the described indexes that are not there."""
    rows = connection.exec_driver_sql(f"PRAGMA index_list('{table.name}')")
    names = {row[1] for row in rows}
    return [ddl for name, ddl in index_ddl(connection, table).items() if name not in names]


def check_times(connection: Connection, table: Table, stored: dict[str, Column]) -> None:
    """Raise Unadoptable for a time that nobody could read afterwards."""
    for column in table.columns:
        if isinstance(column.type, DateTime) and column.name in stored:
            query = (
                f'SELECT "{column.name}" FROM "{table.name}" WHERE "{column.name}" IS NOT NULL'  # noqa: S608 - names of ours
                f" AND strftime('%s', \"{column.name}\") IS NULL LIMIT 1"
            )
            if wrong := connection.exec_driver_sql(query).first():
                raise Unadoptable(f"{table.name}.{column.name} holds {wrong[0]!r}: not a time")


def rebuilding(
    connection: Connection,
    table: Table,
    described: str,
    extra: list[Column],
    stored: dict[str, Column],
) -> list[str]:
    """Return the statements that make the table anew with all its rows, indexes and triggers."""
    old = f"{table.name}_before"
    kept = [
        (column.name, copied(column)) for column in table.columns if column.name.lower() in stored
    ]
    kept += [(column.name, f'"{column.name}"') for column in extra]
    if "version" in table.c and "version" not in stored:
        kept.append(("version", "X''"))  # the default is a text, which is less than any bytes
    names = ", ".join(f'"{name}"' for name, _ in kept)
    values = ", ".join(value for _, value in kept)
    return [
        f'ALTER TABLE "{table.name}" RENAME TO "{old}"',
        described,
        *(f'ALTER TABLE "{table.name}" ADD COLUMN {definition(one)}' for one in extra),
        f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM "{old}" ORDER BY "Id"',  # noqa: S608 - names of ours
        *counter(connection, table, old),
        f'DROP TABLE "{old}"',
        *index_ddl(connection, table).values(),
        *others(connection, table),
    ]


def copied(column: Any) -> str:
    """Return the expression that copies a column: times in the one form that compares."""
    name = f'"{column.name}"'
    if not isinstance(column.type, DateTime):
        return name
    in_one_form = f"strftime('%Y-%m-%d %H:%M:%f', {name}) || '000'"
    return f"CASE WHEN {name} LIKE '{EXACT}' THEN {name} ELSE {in_one_form} END"


def counter(connection: Connection, table: Table, old: str) -> list[str]:
    """Return what keeps numbers that were given once from being given again."""
    query = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
    if connection.exec_driver_sql(query).first() is None:
        return []
    return [
        "UPDATE sqlite_sequence SET seq = MAX(seq, COALESCE("  # noqa: S608 - names of ours
        f"(SELECT seq FROM sqlite_sequence WHERE name = '{old}'), 0)) WHERE name = '{table.name}'"
    ]


def others(connection: Connection, table: Table) -> list[str]:
    """Return the DDL of indexes and triggers that are not ours, but for the documented UNIQUEs."""
    query = (
        "SELECT type, name, sql FROM sqlite_master"
        " WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    )
    kept = []
    for kind, name, sql in connection.exec_driver_sql(query, (table.name,)).all():
        if name in our_indexes(table):
            continue
        if kind == "index" and re.match(r"\s*CREATE\s+UNIQUE", sql, re.IGNORECASE):
            rows = connection.exec_driver_sql(f"PRAGMA index_info('{name}')").all()
            own = {name.lower() for name in documented(table.name)}
            if {str(row[2]).lower() for row in rows} <= own:
                continue
        kept.append(str(sql))
    return kept


def run(connection: Connection, statements: list[str]) -> None:
    """Run the statements of a table that is made anew, all or none."""
    connection.exec_driver_sql("SAVEPOINT reshape")
    try:
        for statement in statements:
            connection.exec_driver_sql(statement)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO reshape")
        connection.exec_driver_sql("RELEASE reshape")
        raise
    connection.exec_driver_sql("RELEASE reshape")
