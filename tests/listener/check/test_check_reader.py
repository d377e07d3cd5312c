"""`--check` tries the place that the pages read, where it is another than the listener's."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import read
from listener.check import check
from schema import migrate
from schema.tables.ci import metadata

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_servers = pytest.mark.parametrize(
    "engine_name", ["mariadb", "mysql", "postgresql"], indirect=True
)
NAME = "DATABASE_READ_URL"
PASSWORD = "Tr1ed-and-read"


def told(capsys: pytest.CaptureFixture[str], folder: Path, **settings: str) -> list[str]:
    """Check with these settings; return the lines of the reader."""
    check(read({}, {"SPOOL_DIR": str(folder / "spool"), **settings}, folder))
    return [line for line in capsys.readouterr().out.splitlines() if NAME in line]


@on_sqlite
def test_reader_of_the_same_place_has_no_line(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    migrate.upgrade(database_url)
    assert told(capsys, tmp_path, DATABASE_URL=database_url) == []
    assert told(capsys, tmp_path, DATABASE_URL=database_url, DATABASE_READ_URL=database_url) == []


@on_sqlite
def test_reader_of_no_store_or_of_another_one_is_wrong(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    migrate.upgrade(database_url)
    other = tmp_path / "other.db"
    urls = {"DATABASE_URL": database_url, "DATABASE_READ_URL": f"sqlite:///{other}"}
    why = "is not what DATABASE_URL names: another database, or a copy that lags behind"
    wrong = f"WRONG {NAME}: sqlite {other}: a"
    assert told(capsys, tmp_path, **urls) == [f"{wrong} database without a store {why}"]
    assert not other.exists()
    migrate.upgrade(f"sqlite:///{other}", "0081")
    assert told(capsys, tmp_path, **urls) == [f"{wrong} store that is older {why}"]
    migrate.upgrade(f"sqlite:///{other}")
    assert told(capsys, tmp_path, **urls) == [
        f"ok    {NAME}: sqlite {other} answers and can be read"
    ]


@on_sqlite
def test_reader_that_does_not_answer_is_wrong_without_its_password(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    migrate.upgrade(database_url)
    away = "mysql+pymysql://reads:hunter22@127.0.0.1:1/runs"
    (line,) = told(capsys, tmp_path, DATABASE_URL=database_url, DATABASE_READ_URL=away)
    assert line.startswith(f"WRONG {NAME}: mysql 127.0.0.1: connection: OperationalError: (2003, ")
    assert line.endswith(": start it, or wait: the pages answer 503 until it answers")
    assert "hunter22" not in line


@pytest.fixture
def account(engine_name: str, database_url: str) -> Iterator[tuple[sa.Engine, str]]:
    """Give an engine that may grant, and an account that may read nothing yet."""
    migrate.upgrade(database_url)
    user = f"reads_{secrets.token_hex(4)}"
    is_postgresql = engine_name == "postgresql"
    named = user if is_postgresql else f"{user}@'127.0.0.1'"
    made = "WITH LOGIN PASSWORD" if is_postgresql else "IDENTIFIED BY"
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE USER {named} {made} '{PASSWORD}'")
    yield engine, named
    with engine.connect() as connection:
        if is_postgresql:
            connection.exec_driver_sql(f"DROP OWNED BY {named}")
        connection.exec_driver_sql(f"DROP USER {named}")
    engine.dispose()


@on_servers
def test_reader_is_well_once_it_may_read_all_tables(
    account: tuple[sa.Engine, str],
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    engine, named = account
    reader = sa.make_url(database_url).set(username=named.partition("@")[0], password=PASSWORD)
    urls = {
        "DATABASE_URL": database_url,
        "DATABASE_READ_URL": reader.render_as_string(hide_password=False),
    }
    with engine.connect() as connection:
        for table in ("alembic_version", "repos"):
            connection.exec_driver_sql(f"GRANT SELECT ON {table} TO {named}")
        *_, line = told(capsys, tmp_path, **urls)
        assert line.startswith(f"WRONG {NAME}: ")
        assert "denied" in line
        assert line.endswith(
            ": look at user, password, rights and schema (python3 local-database.py -i)"
        )
        assert PASSWORD not in line
        for table in metadata.tables:
            # As deploy/accounts-*.sql: readers see no body of a delivery.
            columns = "(guid)" if table in ("deliveries", "deliveryparts") else ""
            connection.exec_driver_sql(f"GRANT SELECT {columns} ON {table} TO {named}")
    tls, line = told(capsys, tmp_path, **urls)
    assert tls.startswith(f"ok    TLS of {NAME}: ")
    assert line.startswith(f"ok    {NAME}: ")
    assert line.endswith(" 127.0.0.1 answers and can be read")
