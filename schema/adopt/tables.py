"""Bring the tables of an earlier installation to the described shape, where they are.

It has no Alembic version. Its rows keep their Ids, and their meaning is completed as far as they
tell it themselves: which repository they belong to, and which server gave a run its id. The rest
is NULL until somebody claims the row (store/write/adopted_repositories.py).

Every step finds out whether it is done, so a process that was killed is continued by the next.
"""

from functools import partial

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy import table as sql_table
from sqlalchemy.schema import CreateTable

from engines import kind_of
from engines.mysql import MARIADB, MYSQL
from engines.sqlite import SQLITE
from engines.transaction import retry_ddl
from schema.adopt import rows, shape_mysql, shape_sqlite
from schema.adopt.shape import Unadoptable, index_ddl
from schema.tables.ci import DOCUMENTED, metadata

SHAPES = {SQLITE: shape_sqlite, MYSQL: shape_mysql, MARIADB: shape_mysql}
"""The engines that there are earlier installations on."""


def statements(connection: Connection, names: tuple[str, ...] = DOCUMENTED) -> list[str]:
    """Return the DDL that these tables lack, in order; the others' rows stay as they are."""
    return [statement for name in names for statement in of_table(connection, name)]


def of_table(connection: Connection, name: str, *, indexed: bool = True) -> list[str]:
    """Return the DDL that one table lacks, with its indexes or without. Raises Unadoptable."""
    table = metadata.tables[name]
    if not inspect(connection).has_table(name):
        made = str(CreateTable(table).compile(dialect=connection.dialect)).strip()
        return [made.replace("%%", "%"), *index_ddl(connection, table).values()]
    shape = SHAPES.get(kind_of(connection))
    return shape.alteration(connection, table, indexed=indexed) if shape else []


def adopt(connection: Connection) -> None:
    """Give the documented tables their shape, then tell their rows what they belong to.

    Raises Unadoptable before anything is changed, and DBAPIError.
    """
    kind = kind_of(connection)
    if kind not in SHAPES:
        here = f"this {kind.name} database has tables of ours that no upgrade of ours has made"
        raise Unadoptable(f"{here}: name an empty one")
    statements(connection)
    connection.rollback()
    # Indexes last: they are built in a fifth of the time that keeping them up would take.
    for indexed in (False, True):
        for name in DOCUMENTED:
            retry_ddl(connection, partial(reshape, connection, name, indexed=indexed))
        if not indexed:
            rows.complete(connection)


def reshape(connection: Connection, name: str, *, indexed: bool) -> None:
    """Change one table: at once on SQLite, by a statement or two on MySQL."""
    wanted = of_table(connection, name, indexed=indexed)
    if not wanted:
        connection.rollback()
        return
    SHAPES[kind_of(connection)].run(connection, wanted)
    connection.commit()


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each table of the database holds, tables of others too."""
    rows_of: dict[str, int] = {}
    for name in sorted(inspect(connection).get_table_names()):
        counting = select(func.count()).select_from(sql_table(name))
        rows_of[name] = int(connection.execute(counting).scalar_one())
    return rows_of
