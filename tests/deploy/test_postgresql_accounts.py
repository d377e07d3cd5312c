"""Every account x table x verb on a real PostgreSQL by the shipped file."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from deploy import accounts
from engines import connect
from schema import migrate
from schema.tables.ci import metadata
from schema.tables.views import NAMES

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

DENIED = {"42501", "25006"}
"""A right that is missing; a transaction that only reads."""
RIGHTS = """SELECT oid::regclass::text, pg_get_userbyid(relowner), relacl::text FROM pg_class
    UNION ALL SELECT rolname, rolconfig::text, rolconnlimit::text
    FROM pg_roles LEFT JOIN (SELECT setrole, setconfig AS config FROM pg_db_role_setting) AS s
    ON s.setrole = pg_roles.oid ORDER BY 1"""
BODIES = {"deliveries", "deliveryparts"}
ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
STATEMENTS = {
    "SELECT": "SELECT * FROM {table} WHERE false",
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE false",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE": "DELETE FROM {table} WHERE false",
    "ALTER": "COMMENT ON TABLE {table} IS 'tried'",
    "CREATE": "CREATE TABLE tried_{table} (a INTEGER)",
}
BEYOND = {
    "SELECT version_num FROM alembic_version": ("analyst", "dashboard", "listener", "migrations"),
    **{
        f"SELECT * FROM {name}": ("analyst", "dashboard", "listener", "migrations")  # noqa: S608
        for name in NAMES
    },
    "SELECT guid FROM deliveries": ("analyst", "dashboard", "listener", "migrations"),
    "SELECT body FROM deliveries": ("listener", "migrations"),
    "CREATE TEMPORARY TABLE tried (a INTEGER) ON COMMIT DROP": ("listener", "migrations"),
    "CREATE VIEW tried AS SELECT 1 AS one": ("migrations",),
    "CREATE ROLE tried": (),
    "SELECT pg_read_file('/etc/passwd')": (),
}


@pytest.fixture
def place(private_server: Callable[..., Any]) -> sa.URL:
    """Give a server with the schema, and the accounts made twice."""
    url = private_server().url
    migrate.upgrade(url)
    text = (accounts.FOLDER / "accounts-postgresql.sql").read_bytes()
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string()
    rights = []
    for _ in range(2):  # it may be run again
        with psycopg.connect(plain, autocommit=True) as admin:
            admin.execute(text)
            rights.append(admin.execute(RIGHTS).fetchall())
    assert rights[0] == rights[1]
    return sa.make_url(url)


def tried(connection: sa.Connection, statement: str) -> bool:
    """Tell whether a statement is allowed. Raises what is no refusal."""
    try:
        connection.exec_driver_sql(statement).close()
    except DBAPIError as error:
        connection.rollback()
        if getattr(error.orig, "sqlstate", None) not in DENIED:
            raise
        return False
    connection.rollback()
    return True


def expected(account: str, table: str) -> set[str]:
    """Return the verbs that an account has on a table."""
    if account == "migrations":
        return {*STATEMENTS}
    if account == "listener":
        return ROWS
    return set() if table in BODIES else {"SELECT"}


def test_accounts_have_the_rights_they_need_and_no_others(place: sa.URL):
    wrong = []
    for account in ("analyst", "dashboard", "listener", "migrations"):
        engine = connect(place.set(username=f"runledger_{account}"), read_seconds=60)
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.commit()
            for name, table in metadata.tables.items():
                column = next(one.name for one in table.columns if one.name != "Id")
                for verb, statement in STATEMENTS.items():
                    allowed = tried(connection, statement.format(table=name, column=column))
                    if allowed != (verb in expected(account, name)):
                        wrong.append((account, name, verb, allowed))
            for statement, who in BEYOND.items():
                if tried(connection, statement) != (account in who):
                    wrong.append((account, statement, "", account not in who))
        engine.dispose()
    assert wrong == []
