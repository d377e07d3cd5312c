"""How each engine takes a table at once, and its indexes after the rows: a record for each."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa

from benchmarks.big_store.lines import list_shared, read_lines

FOLDED = 256 * 2**20
"""Bytes in which a server sorts the keys of a new index."""
KEY = re.compile(r"^\s+((?:UNIQUE )?KEY `(\w+)`.*?),?$", re.MULTILINE)
WARNED = "SHOW COUNT(*) WARNINGS"


class Target(NamedTuple):
    """An engine's answers."""

    session: Sequence[str]
    """Statements for a session that writes nothing else."""
    indexes: Callable[[sa.Connection, str], tuple[list[str], list[str]]]
    """Return the statements that drop a table's indexes and make them again."""
    load: Callable[[sa.Connection, sqlite3.Connection, sa.Table], int]
    """Copy a table's rows out of an SQLite file; return how many."""
    analyze: str
    """Statement that counts a table anew."""


def sqlite_indexes(connection: sa.Connection, table: str) -> tuple[list[str], list[str]]:
    """Those that a UNIQUE of the table itself makes stay."""
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql > ''"
    found = connection.exec_driver_sql(asked, (table,)).all()
    return [f"DROP INDEX {name}" for name, _ in found], [sql for _, sql in found]


def mysql_indexes(connection: sa.Connection, table: str) -> tuple[list[str], list[str]]:
    """All at once: each statement reads the table."""
    _, made = connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()
    found = KEY.findall(made)
    if not found:
        return [], []
    drops = ", ".join(f"DROP KEY {name}" for _, name in found)
    adds = ", ".join(f"ADD {key}" for key, _ in found)
    return [f"ALTER TABLE {table} {drops}"], [f"ALTER TABLE {table} {adds}"]


def postgresql_indexes(connection: sa.Connection, table: str) -> tuple[list[str], list[str]]:
    """A UNIQUE is a constraint, whose index goes with it."""
    asked = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %(name)s::regclass AND contype = 'u'"
    )
    unique = connection.exec_driver_sql(asked, {"name": table}).all()
    asked = (
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %(name)s::regclass"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
    )
    others = connection.exec_driver_sql(asked, {"name": table}).all()
    return (
        [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name, _ in unique]
        + [f"DROP INDEX {name}" for name, _ in others],
        [f"ALTER TABLE {table} ADD CONSTRAINT {name} {made}" for name, made in unique]
        + [made for _, made in others],
    )


def load_sqlite(connection: sa.Connection, file: sqlite3.Connection, table: sa.Table) -> int:
    """Copy rows from file to file."""
    (_, _, path), *_ = file.execute("PRAGMA database_list")
    names = ", ".join(names_of(connection, file, table))
    connection.exec_driver_sql("ATTACH DATABASE ? AS source", (path,))
    copied = connection.exec_driver_sql(
        f"INSERT INTO main.{table.name} ({names})"  # noqa: S608 - our own names
        f" SELECT {names} FROM source.{table.name} ORDER BY Id"
    ).rowcount
    connection.commit()
    connection.exec_driver_sql("DETACH DATABASE source")
    return copied


def load_mysql(connection: sa.Connection, file: sqlite3.Connection, table: sa.Table) -> int:
    """Send rows by LOAD DATA LOCAL, which makes warnings of what it changed."""
    names = names_of(connection, file, table)
    bodies = {name for name, kind in list_shared(file, table) if kind == "BLOB"}
    fields = ", ".join(f"@{name}" if name in bodies else name for name in names)
    tail = ", ".join(f"{name} = UNHEX(@{name})" for name in names if name in bodies)
    with piped(read_lines(file, table, "hex({})".format)) as path:
        copied = connection.exec_driver_sql(
            f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table.name} CHARACTER SET utf8mb4"
            f" ({fields}) {tail and 'SET ' + tail}"
        ).rowcount
    warned = connection.exec_driver_sql(WARNED).scalar_one()
    if warned:
        first = connection.exec_driver_sql("SHOW WARNINGS LIMIT 1").one()
        raise ValueError(f"{table.name}: {warned} warnings, the first: {first}")
    connection.commit()
    return copied


def load_postgresql(connection: sa.Connection, file: sqlite3.Connection, table: sa.Table) -> int:
    """Send rows by COPY."""
    cursor = connection.connection.cursor()
    statement = f"COPY {table.name} ({', '.join(names_of(connection, file, table))}) FROM STDIN"
    with cursor.copy(statement) as copy:
        for lines in read_lines(file, table, r"'\\x' || hex({})".format):
            copy.write(lines)
    connection.commit()
    return int(cursor.rowcount)


def names_of(connection: sa.Connection, file: sqlite3.Connection, table: sa.Table) -> list[str]:
    """Return a table's columns as SQL names them, in the order of the file."""
    name_of = connection.dialect.identifier_preparer.format_column
    return [name_of(table.c[name]) for name, _ in list_shared(file, table)]


@contextmanager
def piped(parts: Iterator[bytes]) -> Iterator[str]:
    """Give the path of a file that holds the parts, of which none is ever on a disk."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            for part in parts:
                pipe.write(part)

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        try:
            yield f"/dev/fd/{reading}"
        finally:
            os.close(reading)  # a writer that nobody reads any more ends
    written.result()


MYSQL = Target(
    ("SET unique_checks = 0, foreign_key_checks = 0",),
    mysql_indexes,
    load_mysql,
    "ANALYZE TABLE {}",
)
TARGETS: dict[str, Target] = {
    "sqlite": Target((), sqlite_indexes, load_sqlite, "ANALYZE {}"),
    "mariadb": MYSQL,
    "mysql": MYSQL._replace(
        session=(
            *MYSQL.session,
            "SET GLOBAL local_infile = 1",
            f"SET innodb_ddl_buffer_size = {FOLDED}",
        )
    ),
    "postgresql": Target(
        ("SET synchronous_commit = off", f"SET maintenance_work_mem = '{FOLDED // 2**10}kB'"),
        postgresql_indexes,
        load_postgresql,
        "VACUUM (ANALYZE) {}",
    ),
}


def open_target(url: str) -> tuple[sa.Engine, Target]:
    """Return an engine whose sessions wait for as long as it takes, and its record."""
    place = sa.make_url(url)
    arguments: dict[str, Any] = {}
    if place.get_backend_name() == "mysql":
        arguments = {"local_infile": True, "ssl_disabled": True, "charset": "utf8mb4"}
    engine = sa.create_engine(place, connect_args=arguments, poolclass=sa.NullPool)
    with engine.connect() as connection:
        maria = getattr(connection.dialect, "is_mariadb", False)
    return engine, TARGETS["mariadb" if maria else engine.dialect.name]
