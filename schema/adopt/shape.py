"""What a database lacks to have the described shape, as DDL; columns of others stay."""

from sqlalchemy import Connection, Table, UniqueConstraint
from sqlalchemy.schema import CreateIndex

from schema.tables.ci import keys

LEGACY = {
    "repos": "Id name",
    "branches": "Id name author repo",
    "commits": "Id hash author message time repo",
    "workflows": "Id name url repo",
    "workflowruns": "Id gitid author runtime createtime starttime endtime queuetime status"
    " conclusion url branchname commithash workflowname repo os",
}
"""The documented columns, which every installation has."""


class Unadoptable(Exception):
    """A database that cannot be brought up to date without losing something; says what."""


def documented(table: str) -> list[str]:
    """Return the columns of a table that were there before all others."""
    return LEGACY.get(table, "").split()


def our_indexes(table: Table) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """Return the described indexes by name: whether unique, and their columns."""
    indexes = {
        str(constraint.name): (True, keys(table))
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    for index in table.indexes:
        indexes[str(index.name)] = (False, tuple(column.name for column in index.columns))
    return indexes


def index_ddl(connection: Connection, table: Table) -> dict[str, str]:
    """Return the DDL of the described indexes by their names, in that order."""
    return {
        str(index.name): str(CreateIndex(index).compile(dialect=connection.dialect))
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    }
