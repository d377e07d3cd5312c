"""The number that a table gives next: read where a store is, raised where its copy goes on."""

from sqlalchemy import Connection, text

from engines.sqlite_damage import read_last_number

SQLITE_KNOWN = text("UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = :name")
SQLITE_NEW = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")
# MySQL's own answer is up to a day old otherwise.
MYSQL_FRESH = "SET SESSION information_schema_stats_expiry = 0"
MYSQL_NEXT = text(
    "SELECT AUTO_INCREMENT FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name"
)
# https://www.postgresql.org/docs/current/view-pg-sequences.html
POSTGRESQL_LAST = text(
    "SELECT last_value FROM pg_sequences WHERE format('%I.%I', schemaname, sequencename)"
    " = pg_get_serial_sequence(:name, 'id')"
)
# Not as the number that comes next (`is_called` false): the view says NULL of it then.
POSTGRESQL_RAISE = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last, true)")


def sqlite_next(connection: Connection, table: str) -> int:
    """Return the number that a table gives next."""
    return read_last_number(connection, table) + 1


def raise_sqlite(connection: Connection, table: str, number: int) -> None:
    """Let a table give no number below this one."""
    values = {"name": table, "last": number - 1}
    if number > 1 and not connection.execute(SQLITE_KNOWN, values).rowcount:
        connection.execute(SQLITE_NEW, values)


def mysql_next(connection: Connection, table: str) -> int:
    """Return the number that a table gives next."""
    if not getattr(connection.dialect, "is_mariadb", False):
        connection.exec_driver_sql(MYSQL_FRESH)
    return connection.execute(MYSQL_NEXT, {"name": table}).scalar() or 1


def raise_mysql(connection: Connection, table: str, number: int) -> None:
    """Let a table give no number below this one; InnoDB goes below no row's."""
    connection.exec_driver_sql(f"ALTER TABLE {table} AUTO_INCREMENT = {number:d}")


def postgresql_next(connection: Connection, table: str) -> int:
    """Return the number that a table gives next."""
    return (connection.execute(POSTGRESQL_LAST, {"name": table}).scalar() or 0) + 1


def raise_postgresql(connection: Connection, table: str, number: int) -> None:
    """Let a table give no number below this one."""
    if number > 1:
        connection.execute(POSTGRESQL_RAISE, {"name": table, "last": number - 1})
