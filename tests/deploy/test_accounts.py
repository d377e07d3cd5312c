"""Every account x table x verb, on real servers: what deploy/accounts-*.sql allows and forbids."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from deploy import accounts
from engines import connect
from schema import migrate
from schema.tables.ci import metadata
from tests.certificates import Authority

OTHER = "0.0.0.0"  # noqa: S104 - this machine, but nothing in the address says so
DENIED = {1142, 1143, 1044, 1227, 1370}
"""Table, column, database, global and routine rights that are missing."""
ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
DDL = {"ALTER", "TRUNCATE", "INDEX", "CREATE"}
BODIES = {"deliveries", "deliveryparts"}
"""Tables that a reader sees without the body."""
STATEMENTS = {
    "SELECT": "SELECT * FROM {table} WHERE 1 = 0",
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE 1 = 0",
    "DELETE": "DELETE FROM {table} WHERE 1 = 0",
    "ALTER": "ALTER TABLE {table} COMMENT = 'tried'",
    "TRUNCATE": "TRUNCATE TABLE {table}",
    "INDEX": "CREATE INDEX ix_tried ON {table} ({column})",
    "CREATE": "CREATE TABLE tried_{table} (a INTEGER)",
}


def expected(account: str, table: str) -> set[str]:
    """Return the verbs that an account has on a table."""
    if account == "runledger_migrations":
        return ROWS | DDL
    if account == "runledger_listener":
        return ROWS
    return set() if table in BODIES else {"SELECT"}


@pytest.fixture
def url_of(
    engine_name: str, private_server: Callable[..., Any], tmp_path: Path
) -> Iterator[Callable[[str], sa.URL]]:
    """Give a server with the schema and the accounts; call for an account's URL."""
    root = Authority("ours")
    root.sign(tmp_path, OTHER)
    (tmp_path / "ours.pem").write_bytes(root.pem())
    server = private_server(
        *(
            f"--ssl-{name}={tmp_path / file}.pem"
            for name, file in (("ca", "ours"), ("cert", "cert"), ("key", "key"))
        )
    )
    admin = sa.create_engine(server.url, poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE runs"))
    migrate.upgrade(f"{server.url}/runs")
    with admin.connect() as connection:
        connection.exec_driver_sql("USE runs")
        for _ in range(2):  # it may be run again
            for statement in script(engine_name):
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("CREATE DATABASE others")
        connection.exec_driver_sql("CREATE TABLE others.guests (a INTEGER)")

    def url(account: str) -> sa.URL:
        password = PASSWORDS[account]
        place = sa.make_url(server.url).set(host=OTHER, username=account, password=password)
        return place.set(database="runs")

    yield url
    admin.dispose()


PASSWORDS = {
    "runledger_analyst": "CHANGE-ME-1",
    "runledger_dashboard": "CHANGE-ME-2",
    "runledger_listener": "CHANGE-ME-3",
    "runledger_migrations": "CHANGE-ME-4",
}


def script(engine: str) -> list[str]:
    """Return the statements of the shipped file."""
    text = (accounts.FOLDER / f"accounts-{engine}.sql").read_text()
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    return [one.strip() for one in "\n".join(lines).split(";") if one.strip()]


def tried(connection: Connection, statement: str) -> str:
    """Run a statement; return `allowed` or `denied`. Raises what is neither."""
    try:
        connection.exec_driver_sql(statement.replace("%", "%%")).close()
    except DBAPIError as error:
        connection.rollback()
        number = getattr(error.orig, "args", (0,))[0]
        if number not in DENIED:
            raise
        return "denied"
    connection.commit()
    return "allowed"


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_accounts_have_the_rights_they_need_and_no_others(
    engine_name: str, url_of: Callable[[str], sa.URL], tmp_path: Path
):
    wrong = []
    for account in PASSWORDS:
        engine = connect(url_of(account), ssl_ca=str(tmp_path / "ours.pem"), read_seconds=60)
        with engine.connect() as connection:
            for name, table in metadata.tables.items():
                column = next(one.name for one in table.columns if one.name != "Id")
                for verb, statement in STATEMENTS.items():
                    if expected(account, name) & DDL and verb == "INDEX":
                        continue  # CREATE INDEX of a TEXT wants a length; ALTER shows the same
                    found = tried(connection, statement.format(table=name, column=column))
                    if found != ("allowed" if verb in expected(account, name) else "denied"):
                        wrong.append((account, name, verb, found))
            wrong += list(beyond_tables(connection, account))
        engine.dispose()
    assert wrong == []


def beyond_tables(connection: Connection, account: str) -> Iterator[tuple[str, ...]]:
    """Yield what is wrong with an account's rights on anything but a table."""
    is_reader = account in accounts.READERS
    open_ones = [one.name for one in metadata.tables["deliveries"].columns if one.name != "body"]
    probes = {
        f"SELECT {', '.join(open_ones)} FROM deliveries": True,  # noqa: S608 - columns of ours
        "SELECT body FROM deliveries": not is_reader,
        "SELECT body FROM deliveryparts": not is_reader,
        "SELECT * FROM steps": True,
        "SELECT version_num FROM alembic_version": True,
        "SELECT * FROM others.guests": False,
        "CREATE USER tried IDENTIFIED BY 'Tr1ed-and-refused'": False,
        "DROP TABLE IF EXISTS tried_repos": account == "runledger_migrations",
        "CREATE OR REPLACE VIEW tried AS SELECT 1 AS one": account == "runledger_migrations",
    }
    for statement, allowed in probes.items():
        found = tried(connection, statement)
        if found != ("allowed" if allowed else "denied"):
            yield account, statement, found
    grants = connection.exec_driver_sql("SHOW GRANTS").scalars().all()
    for grant in grants:
        if " ON *.* " in grant and not grant.startswith("GRANT USAGE"):
            yield account, grant
    ciphers = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one()
    if not ciphers[1]:
        yield account, "no TLS"


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_readers_are_limited_and_nobody_comes_without_tls(
    engine_name: str, url_of: Callable[[str], sa.URL], tmp_path: Path
):
    for account in PASSWORDS:
        with pytest.raises(DBAPIError, match=r"1045|3159|1251"):
            connect(url_of(account), tls=False).connect()
    reader = connect(url_of("runledger_analyst"), ssl_ca=str(tmp_path / "ours.pem"))
    crowd = sa.create_engine(
        url_of("runledger_analyst"),
        poolclass=NullPool,
        connect_args={"ssl": {"ca": str(tmp_path / "ours.pem")}},
    )
    held = [crowd.connect() for _ in range(20)]
    with pytest.raises(DBAPIError, match=r"1226|max_user_connections"):
        crowd.connect()
    if engine_name == "mariadb":
        limit = held[0].execute(sa.text("SELECT @@max_statement_time")).scalar_one()
        assert limit == 60
    for one in held:
        one.close()
    reader.dispose()


def test_shipped_files_name_every_table():
    for path, text in accounts.files().items():
        assert path.read_text() == text, "run make docs"
        for name in metadata.tables:
            assert f" ON {name} TO runledger_analyst" in text
        assert "SELECT (Id, provider, guid, number) ON deliveryparts" in text
