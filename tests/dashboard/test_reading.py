"""The pages' connection cannot write, and says what is wrong with a store it cannot read."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from dashboard.web import request
from engines import connect
from schema import migrate
from store.open import READ, open_engine
from store.reads.connection import schema_state
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, settings_for

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO repos (provider, gitid) VALUES ('github', 1)",
        "UPDATE repos SET name = 'x'",
        "DELETE FROM repos",
        "CREATE TABLE strange (one INTEGER)",
        "DROP TABLE repos",
    ],
)
def test_reader_refuses_to_write(engine: sa.Engine, store_url: str, tmp_path: Path, statement: str):
    stored.repo(engine)
    reader = open_engine(settings_for(store_url, tmp_path), READ)
    with reader.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        connection.execute(sa.text(statement))
    reader.dispose()
    assert stored.ask(engine, "SELECT COUNT(*) FROM repos") == [(1,)]


def test_page_s_statements_see_one_moment(engine: sa.Engine, store_url: str, tmp_path: Path):
    reader = open_engine(settings_for(store_url, tmp_path), READ)
    count = sa.text("SELECT COUNT(*) FROM repos")
    with reader.connect() as connection:
        assert connection.execute(count).scalar() == 0
        stored.repo(engine)
        assert connection.execute(count).scalar() == 0
    with reader.connect() as connection:
        assert connection.execute(count).scalar() == 1
    reader.dispose()


def test_store_without_tables_is_waited_for(database_url: str, make_client: MakeClient):
    client = make_client(database_url)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert "make run" in answer.text
    migrate.upgrade(database_url)
    assert client.get("/").status_code == 200


def test_older_schema_is_said_and_a_newer_one_is_read(
    database_url: str, make_client: MakeClient, tmp_path: Path
):
    migrate.upgrade(database_url)
    client, writer = make_client(database_url), connect(database_url)
    with writer.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/time")
    assert answer.status_code == 503
    assert "python3 local-database.py -i" in answer.text
    with writer.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert client.get("/time").status_code == 200
    reader = open_engine(settings_for(database_url, tmp_path), READ)
    with reader.connect() as connection:
        assert schema_state(connection) == "newer"
    reader.dispose()
    writer.dispose()


@on_sqlite
def test_sqlite_file_is_never_made(tmp_path: Path, make_client: MakeClient, engine_name: str):
    file = tmp_path / "none" / "store.db"
    assert make_client(f"sqlite:///{file}").get("/").status_code == 503
    assert not file.parent.exists()


@on_sqlite
def test_database_that_is_broken_is_said_and_recovers(
    tmp_path: Path, make_client: MakeClient, engine_name: str
):
    file = tmp_path / "store.db"
    file.write_bytes(b"this is no database" * 100)
    client = make_client(f"sqlite:///{file}")
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert "The store does not answer" in answer.text
    assert str(file) not in answer.text
    file.unlink()
    migrate.upgrade(f"sqlite:///{file}")
    assert client.get("/runs").status_code == 200


def test_database_that_is_down_is_said(make_client: MakeClient):
    answer = make_client("mysql+pymysql://root:hunter22@127.0.0.1:1/runs").get("/")
    assert answer.status_code == 503
    assert "The store does not answer" in answer.text
    assert "hunter22" not in answer.text
    assert "127.0.0.1" not in answer.text


def make_slow(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """Give a page 0.4 seconds, and let its list of runs ask these, and rest as long after each."""
    monkeypatch.setattr(request, "STATEMENT_SECONDS", 0.4)

    def ask() -> str:
        for statement in statements:
            request.store().execute(sa.text(statement)).all()
            time.sleep(0.4)
        return "all of them"

    client.application.view_functions["runs.show"] = ask


def test_page_whose_time_is_over_does_not_say_that_the_store_is_silent(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    make_slow(client, monkeypatch, "SELECT 1", "SELECT 1")
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "This page takes too long" in answer.text
    assert "does not answer" not in answer.text


@on_sqlite
def test_statement_without_end_is_told_likewise(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"
    make_slow(client, monkeypatch, endless)
    assert "This page takes too long" in client.get("/runs").text


def test_health_shows_states_quarantine_and_spool(
    client: FlaskClient, engine: sa.Engine, tmp_path: Path
):
    stored.delivery(engine, NOW)
    stored.delivery(engine, NOW)
    stored.delivery(engine, NOW, "quarantined", error="KeyError: 'head_sha'")
    (tmp_path / "spool").mkdir()
    with closing(sqlite3.connect(tmp_path / "spool" / "spool.db")) as spool:
        spool.execute("CREATE TABLE entries (receivetime TEXT)")
        spool.execute("INSERT INTO entries VALUES ('2026-03-10T09:00:00')")
        spool.commit()
    page = client.get("/health").text
    assert "KeyError: &#39;head_sha&#39;" in page
    assert "Tue 10 Mar 09:00: 2 applied, 1 quarantined" in page
    metrics = client.get("/metrics").text.splitlines()
    assert 'runledger_deliveries{state="applied"} 2' in metrics
    assert 'runledger_deliveries{state="quarantined"} 1' in metrics
    assert "runledger_spool_deliveries 1" in metrics
