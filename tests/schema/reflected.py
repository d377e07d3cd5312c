"""A database's schema as the database itself tells it."""

import re
from collections.abc import Callable

from sqlalchemy import Connection, Engine, inspect

Described = dict[str, list[str]]

ADDED = re.compile(r", (?=\w+ [A-Z])")
"""What SQLite writes before a column that was added: it stands on the line of the one before it."""


def described(engine: Engine) -> Described:
    """Return what each table and view is made of: columns in order, keys and indexes sorted.

    Alembic's own table is left out. MySQL and MariaDB tell types, defaults, comments, character
    sets and collations of each column, PostgreSQL likewise; SQLite its DDL as it was given.
    """
    with engine.connect() as connection:
        found = inspect(connection)
        names = sorted({*found.get_table_names(), *found.get_view_names()} - {"alembic_version"})
        tell = TELL.get(engine.dialect.name, mysql_lines)
        return {name: tell(connection, name) for name in names}


def mysql_lines(connection: Connection, name: str) -> list[str]:
    """Return the lines of SHOW CREATE TABLE, without the counter and the database's name."""
    ddl = str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()[1])
    ddl = re.sub(r" AUTO_INCREMENT=\d+|DEFINER=\S+ ", "", ddl)
    ddl = ddl.replace(f"`{connection.engine.url.database}`.", "")  # MariaDB writes it into views
    lines = [line.strip().rstrip(",") for line in ddl.splitlines()]
    return in_order(lines, lambda line: "KEY " in line)


def sqlite_lines(connection: Connection, name: str) -> list[str]:
    """Return the lines of a table's DDL and of its indexes'."""
    query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
    sources = connection.exec_driver_sql(query, (name,)).scalars()
    lines = [
        part.strip().rstrip(",")
        for sql in sources
        for line in str(sql).splitlines()
        for part in ADDED.split(line)
    ]
    words = ("INDEX ", "KEY", "UNIQUE")
    return in_order(
        [line for line in lines if line], lambda line: any(word in line for word in words)
    )


def postgresql_lines(connection: Connection, name: str) -> list[str]:
    """Return what PostgreSQL's catalogue says of a table's columns, indexes and constraints."""
    columns = (
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attidentity, collname,"
        " pg_get_expr(adbin, adrelid), col_description(attrelid, attnum) FROM pg_attribute"
        " LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)"
        " LEFT JOIN pg_collation ON pg_collation.oid = attcollation"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    keys = (
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass UNION ALL"
        " SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"
        " AND contype <> 'n'"
    )
    told = [str(tuple(row)) for row in connection.exec_driver_sql(columns, (name,))]
    return told + sorted(connection.exec_driver_sql(keys, (name, name)).scalars())


TELL = {"sqlite": sqlite_lines, "postgresql": postgresql_lines}


def in_order(lines: list[str], is_key: Callable[[str], bool]) -> list[str]:
    """Return lines as they are, but those of keys sorted at the end."""
    keys = sorted(line for line in lines if is_key(line))
    return [line for line in lines if not is_key(line)] + keys


def collations(engine: Engine) -> dict[tuple[str, str], str]:
    """Return the collation of each text column of MySQL or MariaDB, by table and column."""
    query = (
        "SELECT table_name, column_name, collation_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND collation_name IS NOT NULL"
    )
    with engine.connect() as connection:
        return {(row[0], row[1]): row[2] for row in connection.exec_driver_sql(query)}
