"""A reader sees the newest rows as Python values, in pandas too, and changes nothing."""

import sqlite3
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas
import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import connector
from tests.sqlauthenticator.conftest import MOMENT

SERVERS = ["mariadb", "mysql", "postgresql"]
CREATE, END = datetime(2026, 5, 4, 3, 2, 1, 500_000), datetime(2026, 5, 4)


@pytest.fixture
def runs(writer: Any, engine_name: str) -> Any:
    """Make a table with times, one of them missing, and with a text that looks like one."""
    times = "createtime {0}, endtime {0}".format(MOMENT[engine_name])
    writer.execute(f"CREATE TABLE runs (id INTEGER, {times}, title TEXT)")
    rows = [(1, CREATE, END, "2026-05-04 03:02:01.500000"), (2, CREATE, None, "")]
    writer.executemany("INSERT INTO runs VALUES (?, ?, ?, ?)", rows)
    writer.commit()
    return writer


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT createtime FROM runs", CREATE),
        ("SELECT r.endtime FROM runs AS r", END),
        ("SELECT endtime FROM runs WHERE id = 2", None),
        ("SELECT createtime AS waiting FROM runs", CREATE),
        ("SELECT MAX(createtime) FROM runs", CREATE),
        ("SELECT COALESCE(endtime, createtime) FROM runs WHERE id = 2", CREATE),
        ("SELECT latest FROM (SELECT MIN(endtime) AS latest FROM runs) AS q", END),
        ("WITH r AS (SELECT * FROM runs) SELECT endtime FROM r WHERE id = 1", END),
        ("SELECT endtime FROM runs WHERE id = 1 UNION SELECT MAX(endtime) FROM runs", END),
        ("SELECT title FROM runs", "2026-05-04 03:02:01.500000"),
        ("SELECT title FROM runs WHERE id = 2", ""),
    ],
)
def test_datetime_columns_come_back_as_datetime(runs: Any, reader: Any, sql: str, value: object):
    found = reader.execute(sql).fetchone()
    assert found == (value,)
    assert type(found[0]) is type(value)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_datetime_written_by_hand_comes_back_as_datetime(runs: Any, reader: Any):
    runs.execute("UPDATE runs SET endtime = '2026-05-04 10:00:00', createtime = 'soon'")
    runs.commit()
    found = reader.execute("SELECT endtime, createtime FROM runs").fetchone()
    assert found == (datetime(2026, 5, 4, 10), "soon")


def test_sums_and_averages_are_plain_numbers(reader: Any):
    found = reader.execute("SELECT SUM(id), AVG(id), COUNT(*), SUM(size) FROM items").fetchone()
    assert found == (6, 2.0, 3, 4.5)
    assert [type(value) for value in found] == [int, float, int, float]


def test_dictionary_cursor_gives_dicts(reader: Any):
    cursor = reader.cursor(dictionary=True)
    cursor.execute("SELECT id, name FROM items ORDER BY id")
    assert cursor.fetchone() == {"id": 1, "name": "one"}
    assert cursor.fetchall() == [{"id": 2, "name": "two"}, {"id": 3, "name": "three"}]


@pytest.mark.parametrize("use", ["USE shark_dashboard_db", " use `shark_dashboard_db` ;\n"])
def test_use_of_the_store_is_this_database(reader: Any, use: str):
    cursor = reader.cursor()
    cursor.execute(use)
    assert cursor.description is None
    assert cursor.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


def test_every_statement_sees_the_newest_committed_rows(reader: Any, writer: Any):
    count = "SELECT COUNT(*) FROM items"
    assert reader.execute(count).fetchone() == (3,)
    writer.execute("INSERT INTO items (name) VALUES ('four')")
    assert reader.execute(count).fetchone() == (3,)
    writer.commit()
    assert reader.execute(count).fetchone() == (4,)


@pytest.mark.parametrize("engine_name", SERVERS, indirect=True)
def test_open_transaction_sees_the_newest_rows_of_others(writer: Any, open_connection: Any):
    # SQLite has no such case: there is one transaction that writes at a time.
    writer.execute("UPDATE items SET size = 9 WHERE id = 1")
    assert writer.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
    with open_connection(write=True) as other:
        other.execute("INSERT INTO items (name) VALUES ('four')")
    assert writer.execute("SELECT COUNT(*) FROM items").fetchone() == (4,)
    writer.rollback()


@pytest.mark.parametrize("engine_name", SERVERS, indirect=True)
def test_change_after_a_deadlock_waits_for_commit_again(open_connection: Any):
    writer, other = open_connection(write=True), open_connection(write=True)
    writer.execute("UPDATE items SET size = 9 WHERE id = 1")
    other.execute("UPDATE items SET size = 9 WHERE id = 2")
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(writer.execute, "UPDATE items SET size = 9 WHERE id = 2")
        turns = pool.submit(other.execute, "UPDATE items SET size = 9 WHERE id = 1")
        errors = [waits.exception(), turns.exception()]
    assert [type(error) for error in errors if error] == [sqlite3.OperationalError]
    victim, winner = (writer, other) if errors[0] else (other, writer)
    winner.rollback()
    victim.execute("UPDATE items SET size = 9 WHERE id = 3")
    victim.rollback()
    assert winner.execute("SELECT size FROM items WHERE id = 3").fetchone() == (3.0,)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_session_is_in_utc_and_in_utf8(reader: Any):
    found = reader.execute("SELECT @@time_zone, @@character_set_connection").fetchone()
    assert found == ("+00:00", "utf8mb4")


def test_half_read_cursor_blocks_no_change_and_keeps_its_rows(reader: Any, writer: Any):
    cursor = reader.execute("SELECT id FROM items ORDER BY id")
    assert cursor.fetchone() == (1,)
    writer.execute("DELETE FROM items")
    writer.commit()
    writer.execute("ALTER TABLE items ADD COLUMN more INTEGER")
    assert cursor.fetchall() == [(2,), (3,)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO items (name) VALUES ('x')",
        "/* SELECT */ UPDATE items SET size = 1",
        "-- SELECT\nDELETE FROM items",
        "REPLACE INTO items (id, name) VALUES (1, 'x')",
        "WITH q AS (SELECT 1) DELETE FROM items",
        "CREATE TABLE other (id INTEGER)",
        "CREATE TEMPORARY TABLE other (id INTEGER)",
        "DROP TABLE items",
        "ALTER TABLE items ADD COLUMN more INTEGER",
        "BEGIN",
        "START TRANSACTION READ WRITE",
        "COMMIT",
        "SELECT * FROM items FOR UPDATE",
        "SELECT * FROM items LOCK IN SHARE MODE",
        "LOCK TABLES items READ",
        "SET autocommit = 0",
        "SET SESSION TRANSACTION READ WRITE",
        "ATTACH 'other.db' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA locking_mode = EXCLUSIVE",
        "VACUUM INTO 'copy.db'",
    ],
)
def test_reader_runs_nothing_that_writes_or_locks(reader: Any, writer: Any, sql: str):
    with pytest.raises(sqlite3.OperationalError):
        reader.execute(sql)
    writer.execute("UPDATE items SET size = 9")  # nothing is locked
    writer.rollback()
    assert reader.execute("SELECT COUNT(*), SUM(size) FROM items").fetchone() == (3, 4.5)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize(
    "sql",
    ["/*! LOCK TABLES items READ */", "/*!50000 BEGIN */", "SELECT 1 FROM items /*! FOR SHARE */"],
)
def test_reader_sees_through_comments_that_a_server_runs(reader: Any, sql: str):
    with pytest.raises(sqlite3.OperationalError, match="this connection only reads"):
        reader.execute(sql)


def test_reader_says_that_it_only_reads(reader: Any):
    with pytest.raises(sqlite3.OperationalError) as raised:
        reader.executemany("INSERT INTO items (name) VALUES (?)", [("x",)])
    assert str(raised.value) == (
        "this connection only reads, and does not run INSERT: see connector(..., write=True)"
    )


def test_database_refuses_what_the_connector_lets_pass(
    open_connection: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sqlauthenticator, "check_reads", lambda word: None)
    monkeypatch.setattr(sqlauthenticator, "refused_on_server", lambda sql: None)
    monkeypatch.setattr(sqlauthenticator, "refused_on_postgresql", lambda *_: None)
    monkeypatch.setattr(sqlauthenticator, "permit", lambda *_: sqlite3.SQLITE_OK)
    reader = open_connection()
    for sql in (
        "INSERT INTO items (name) VALUES ('x')",
        "DROP TABLE items",
        "CREATE TABLE o (i INT)",
    ):
        with pytest.raises(sqlite3.OperationalError, match=r"(?i)read.?only"):
            reader.execute(sql)


def test_pandas_reads_without_a_warning(runs: Any, reader: Any):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = pandas.read_sql("SELECT * FROM runs ORDER BY id", reader)
        chosen = pandas.read_sql("SELECT id FROM runs WHERE id = ?", reader, params=(2,))
        named = pandas.read_sql("SELECT 7 % 4 AS x, :id AS y", reader, params={"id": 2})
        chunks = list(pandas.read_sql("SELECT id FROM items", reader, chunksize=2))
        dicts = pandas.read_sql_query("SELECT id FROM items WHERE id > %s", reader, params=[2])
    assert frame["createtime"].tolist() == [pandas.Timestamp(CREATE)] * 2
    assert frame["endtime"].isna().tolist() == [False, True]
    assert frame["title"].tolist() == ["2026-05-04 03:02:01.500000", ""]
    assert chosen["id"].tolist() == [2]
    assert named.values.tolist() == [[3, 2]]
    assert [len(chunk) for chunk in chunks] == [2, 1]
    assert dicts["id"].tolist() == [3]


@pytest.mark.parametrize("factory", [sqlite3.Row, sqlauthenticator.as_dict])
def test_pandas_reads_rows_of_any_factory(reader: Any, factory: Any):
    reader.row_factory = factory
    frame = pandas.read_sql("SELECT id, name FROM items ORDER BY id", reader)
    assert frame.values.tolist() == [[1, "one"], [2, "two"], [3, "three"]]


def test_engine_reads_with_pandas_and_sqlalchemy(url: str, runs: Any):
    engine = sqlauthenticator.engine(url=url)
    frame = pandas.read_sql("SELECT id, name FROM items WHERE id > 1 ORDER BY id", engine)
    assert frame["name"].tolist() == ["two", "three"]
    table = sa.Table("runs", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        found = connection.execute(sa.select(table.c.createtime, table.c.endtime))
        assert found.fetchall() == [(CREATE, END), (CREATE, None)]
        with pytest.raises(sa.exc.OperationalError, match=r"(?i)read.?only"):
            connection.execute(sa.text("DELETE FROM items"))
        runs.execute("DELETE FROM runs")
        runs.commit()
        assert connection.execute(sa.text("SELECT COUNT(*) FROM runs")).scalar_one() == 0
        runs.execute("ALTER TABLE runs ADD COLUMN more INTEGER")
    engine.dispose()


def test_writer_may_be_given_by_the_url_object(url: str):
    with closing(connector(url=sa.make_url(url))) as connection:
        assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
