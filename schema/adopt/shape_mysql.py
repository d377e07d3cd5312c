"""What a table on MySQL or MariaDB lacks to be the described one, as ALTER TABLE.

The server itself says how it spells the described columns: the table is made once as a temporary
one. One statement rebuilds the table once, and is done or not done when the server is killed.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.schema import CreateTable

from schema.adopt.shape import Unadoptable, documented, our_indexes

SAME = ("Type", "Collation", "Null", "Default", "Extra", "Comment")
NARROW = re.compile(r"varchar\((\d+)\)")
Columns = dict[str, dict[str, Any]]


def columns_of(connection: Connection, name: str) -> Columns:
    """Return what the server tells of a table's columns, by their names in lower case."""
    rows = connection.exec_driver_sql(f"SHOW FULL COLUMNS FROM `{name}`").mappings()
    # MySQL says "NULL" for a temporary table where it says nothing for others.
    told = (
        {**row, "Extra": str(row["Extra"]).replace("NULL", "").replace("None", "")} for row in rows
    )
    return {str(row["Field"]).lower(): dict(row) for row in told}


def wanted(connection: Connection, table: Table) -> tuple[Columns, dict[str, str]]:
    """Return a described table's columns as the server tells and as it spells them."""
    scratch = f"wanted_{table.name}"
    ddl = str(CreateTable(table).compile(dialect=connection.dialect))
    for phrase in (f"CREATE TABLE {table.name} ", f"CREATE TABLE `{table.name}` "):
        ddl = ddl.replace(phrase, f"CREATE TEMPORARY TABLE `{scratch}` ")
    connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS `{scratch}`")
    connection.exec_driver_sql(ddl)
    told = columns_of(connection, scratch)
    shown = str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{scratch}`").one()[1])
    connection.exec_driver_sql(f"DROP TEMPORARY TABLE `{scratch}`")
    lines = (line.strip().rstrip(",") for line in shown.splitlines())
    spelled = {line.split("`")[1].lower(): line for line in lines if line.startswith("`")}
    return told, spelled


def alteration(connection: Connection, table: Table, *, indexed: bool = True) -> list[str]:
    """Return the statements that make a table the described one; none when it is.

    One changes columns, and drops what is in the way; one adds indexes, unless `indexed` is False:
    rows that are still to be completed are, without them. Columns that are not described stay as
    they are. Raises Unadoptable.
    """
    stored = columns_of(connection, table.name)
    told, spelled = wanted(connection, table)
    changes: list[str] = []
    before = ""
    for name in (column.name for column in table.columns):
        old, new, line = stored.get(name.lower()), told[name.lower()], spelled[name.lower()]
        if old is None:
            place = f" AFTER `{before}`" if name in documented(table.name) and before else ""
            changes.append(f"ADD COLUMN {line}{place}")
        else:
            kept = not_narrower(connection, table.name, old, new, line)
            new = {**new, "Type": NARROW.search(kept)[0] if kept != line else new["Type"]}  # type: ignore[index]  # the line has it: it was replaced there
            if table.c[name].info["kind"] == "key" and old["Null"] == "NO":
                new["Null"] = "NO"  # stricter than ours, because no row lacks its key
            if any(old[key] != new[key] for key in SAME):
                changes.append(f"MODIFY COLUMN {kept}")
        before = name
    dropped, added = index_changes(connection, table)
    both = [[*changes, *dropped, *options(connection, table)], added if indexed else []]
    return [f"ALTER TABLE `{table.name}`\n  " + ",\n  ".join(one) for one in both if one]


def not_narrower(
    connection: Connection, table: str, old: dict[str, Any], new: dict[str, Any], line: str
) -> str:
    """Return a column's spelling, wide enough for what it holds. Raises Unadoptable."""
    limit = NARROW.fullmatch(str(new["Type"]))
    if limit is None or old["Collation"] is None:
        return line
    room = NARROW.fullmatch(str(old["Type"]))
    if room and int(room[1]) <= int(limit[1]):
        return line
    query = f"SELECT MAX(CHAR_LENGTH(`{old['Field']}`)) FROM `{table}`"  # noqa: S608 - its own name
    longest = connection.exec_driver_sql(query).scalar_one() or 0
    if longest <= int(limit[1]):
        return line
    if room is None:
        raise Unadoptable(f"{table}.{old['Field']} holds a text of {longest} characters")
    return line.replace(str(new["Type"]), str(old["Type"]), 1)


def index_changes(connection: Connection, table: Table) -> tuple[list[str], list[str]]:
    """Return the UNIQUEs to drop that make rows of two repositories one, and what to add."""
    indexes = inspect(connection).get_indexes(table.name)
    names = {str(index["name"]) for index in indexes}
    ours = our_indexes(table)
    own = {name.lower() for name in documented(table.name)}
    dropped = [
        f"DROP INDEX `{index['name']}`"
        for index in indexes
        if index["unique"]
        and index["name"] not in ours
        and {str(name).lower() for name in index["column_names"]} <= own
    ]
    added = []
    for name, (unique, columns) in ours.items():
        if name not in names:
            listed = ", ".join(f"`{column}`" for column in columns)
            added.append(f"ADD {'UNIQUE ' if unique else ''}KEY `{name}` ({listed})")
    return dropped, added


def options(connection: Connection, table: Table) -> Sequence[str]:
    """Return the table's options that differ: engine, character set of new columns, comment."""
    query = text(
        "SELECT engine, table_collation, table_comment FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = :name"
    )
    engine, collation, comment = connection.execute(query, {"name": table.name}).one()
    changes = []
    if engine != "InnoDB":
        changes.append("ENGINE=InnoDB")
    if not str(collation).startswith("utf8mb4"):
        changes.append("DEFAULT CHARACTER SET utf8mb4")
    if comment != table.comment:
        changes.append("COMMENT='" + str(table.comment).replace("'", "''") + "'")
    return changes


def run(connection: Connection, statements: list[str]) -> None:
    """Run the statements of a table; the server commits each by itself."""
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))
