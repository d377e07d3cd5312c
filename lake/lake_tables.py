"""The lake's tables: those of docs/fields.md, but for the bodies of deliveries, and its own."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Date, DateTime, Double, Integer, LargeBinary, Table

from lake.catalog import literal
from lake.lake_views import MACROS, make_views, queries
from schema.tables.columns import metadata
from schema.tables.lake_notes import lakecommits, lakerepos, lakeruns, lakes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEFT_OUT = frozenset(
    {
        "deliveryparts",
        "leases",
        *(table.name for table in (lakes, lakeruns, lakerepos, lakecommits)),
    }
)
"""Bodies of deliveries, who works now, and the notes of what the lake has still to copy."""
BODIES = frozenset({("deliveries", "body")})
TYPES: tuple[tuple[type, str], ...] = (
    (Boolean, "BOOLEAN"),
    (Integer, "BIGINT"),
    (Double, "DOUBLE"),
    (DateTime, "TIMESTAMP"),
    (Date, "DATE"),
    (LargeBinary, "BLOB"),
)
"""Of columns; every other one is text."""
OF_RUNS = {
    "workflowruns": ("provider", "gitid"),
    "runattempts": ("provider", "rungitid"),
    "jobs": ("provider", "rungitid"),
    "failures": ("provider", "rungitid"),
}
"""The tables that are copied by the marks of runs, and the columns that name the run."""
OF_KEYS = {**OF_RUNS, "commits": ("repoid", "hash")}
"""The tables that are copied by marks of keys."""
OF_SPANS = frozenset({"rollups", "rollparts", "rollnights", "rollflakedays"})
"""The tables that are copied by the spans whose roll-ups were made anew."""
MARKED = OF_KEYS.keys() | OF_SPANS

SYNCS = "syncs"
OWN = {
    SYNCS: (
        "Every sync, the last one last",
        "number BIGINT, sync VARCHAR, lakeid VARCHAR, synctime TIMESTAMP, mode VARCHAR,"
        " written BIGINT, gone BIGINT, rows VARCHAR",
    ),
}
"""Tables that the store does not have: comment and columns."""


@cache
def tables() -> tuple[Table, ...]:
    """Return the store's tables that the lake has."""
    return tuple(table for table in metadata.sorted_tables if table.name not in LEFT_OUT)


@cache
def columns(table: Table) -> tuple[Column[Any], ...]:
    """Return a table's columns that the lake has."""
    return tuple(one for one in table.columns if (table.name, one.name) not in BODIES)


def type_of(column: Column[Any]) -> str:
    """Return a column's type in the lake, the same whatever engine the store is."""
    return next((name for kind, name in TYPES if isinstance(column.type, kind)), "VARCHAR")


def definition(table: Table) -> str:
    """Return a table's columns with their types."""
    return ", ".join(f'"{one.name}" {type_of(one)}' for one in columns(table))


def names(table: Table, prefix: str = "") -> str:
    """Return a table's columns, with commas."""
    return ", ".join(f'{prefix}"{one.name}"' for one in columns(table))


def make_tables(connection: "DuckDBPyConnection") -> None:
    """Make what is missing: tables, and columns that a newer release has; describe them."""
    known = stored_columns(connection)
    if not known:  # once, stored in the lake
        connection.execute("CALL lake.set_option('parquet_compression', 'zstd')")
        connection.execute("CALL lake.set_option('parquet_version', 2)")
    # Of one transaction: each one's commit waits for the disk.
    connection.execute("BEGIN")
    for name, (comment, parts) in OWN.items():
        if name not in known:
            connection.execute(f"CREATE TABLE {name} ({parts})")
            connection.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
    for table in tables():
        if table.name not in known:
            connection.execute(f'CREATE TABLE "{table.name}" ({definition(table)})')
            connection.execute(f'COMMENT ON TABLE "{table.name}" IS {literal(table.comment or "")}')
            describe(connection, table, columns(table))
            continue
        new = [one for one in columns(table) if one.name.lower() not in known[table.name]]
        for column in new:
            parts = f'"{column.name}" {type_of(column)}'
            connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {parts}')
        describe(connection, table, new)
    make_views(connection)
    connection.execute("COMMIT")


@cache
def release() -> str:
    """Return what tells the tables and views of this release from others'."""
    made = [(one.name, one.comment, definition(one), comments_of(one)) for one in tables()]
    return sha256(repr((OWN, made, queries(), MACROS)).encode()).hexdigest()


def comments_of(table: Table) -> list[str | None]:
    """Return what the store says of a table's columns."""
    return [one.comment for one in columns(table)]


def describe(connection: "DuckDBPyConnection", table: Table, new: Iterable[Column[Any]]) -> None:
    """Give columns the comments that the store's have."""
    for column in new:
        place = f'"{table.name}"."{column.name}"'
        connection.execute(f"COMMENT ON COLUMN {place} IS {literal(column.comment or '')}")


def stored_columns(connection: "DuckDBPyConnection") -> dict[str, set[str]]:
    """Return the lake's tables and the names of their columns, in small letters."""
    query = (
        "SELECT table_name, lower(column_name) FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = 'main'"
    )
    stored: dict[str, set[str]] = {}
    for table, column in connection.execute(query).fetchall():
        stored.setdefault(table, set()).add(column)
    return stored
