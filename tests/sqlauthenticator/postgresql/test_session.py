"""What a session with PostgreSQL gives, keeps and holds to."""

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import connector
from tests.sqlauthenticator.conftest import Open
from tests.sqlauthenticator.reader.watched_postgresql import TARGETS

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
CHANGED = "a migration changed a table since the snapshot began"


def test_values_are_those_of_the_other_engines(reader: Any, writer: Any):
    writer.execute("CREATE EXTENSION IF NOT EXISTS citext")
    sql = """SELECT 1 = 1 AS Flag, NULL::bool, '{"a": 1}'::jsonb, sum(id), avg(id), 'x'::citext,
        '2026-05-04 12:00:00.5+09'::timestamptz, now(), '{1.5,2}'::numeric[], id::text FROM items
        WHERE id = :id OR '{}'::jsonb ? 'x' GROUP BY id"""
    cursor = reader.execute(sql, {"id": 2})
    row = cursor.fetchone()
    moment = datetime(2026, 5, 4, 3, 0, 0, 500_000)
    assert row[:7] == (1, None, '{"a": 1}', 2, 2.0, "x", moment)
    assert [type(value) for value in row[:5]] == [int, type(None), str, int, float]
    assert (row[7].tzinfo, row[8], row[9]) == (None, [1.5, 2], "2")
    assert cursor.description[0][0] == "Flag"


def test_names_are_those_of_the_schema(store_url: str):
    with closing(connector(url=store_url)) as connection:
        names = [column[0] for column in connection.execute("SELECT * FROM jobs").description]
        assert names[0] == "Id"
        asked = "SELECT Id FROM jobs UNION SELECT Id FROM workflowruns"
        assert connection.execute(asked).description[0][0] == "Id"
        asked = "SELECT j.id, 'AS ID', MAX(Id) AS Newest, Id + 0 AS jobId FROM jobs j GROUP BY Id"
        names = [column[0] for column in connection.execute(asked).description]
        assert names == ["Id", "?column?", "Newest", "jobId"]
        described = connection.execute("DESCRIBE jobs").fetchall()
        assert described[0] == ("Id", "bigint", "NO", "PRI", None, "auto_increment")
        shown = [name for (name,) in connection.execute("SHOW TABLES")]
        assert {"jobs", "own_jobs", "daily"} <= set(shown)
        assert "leases" not in shown


def test_columns_are_described(reader: Any):
    assert reader.execute("DESC ITEMS").fetchall()[:3] == [
        ("id", "integer", "NO", "PRI", None, "auto_increment"),
        ("name", "character varying(50)", "NO", "", None, ""),
        ("size", "double precision", "YES", "", None, ""),
    ]


def test_median_and_percentile_are_there(reader: Any, url: str):
    found = reader.execute("SELECT median(size), percentile(size, ?) FROM items", (90,)).fetchone()
    assert found == (2.25, pytest.approx(2.85))
    engine = sqlauthenticator.engine(url=url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT median(size) FROM items")).scalar() == 2.25
    engine.dispose()


@pytest.mark.parametrize("sql", ["TRUNCATE items", "VACUUM FULL items"])
def test_snapshot_notices_a_table_whose_rows_moved(reader: Any, writer: Any, sql: str):
    writer.execute("CREATE VIEW seen AS SELECT * FROM items")
    with reader.snapshot():
        assert reader.execute("SELECT COUNT(*) FROM seen").fetchone() == (3,)
        writer.execute(sql)
        with pytest.raises(sqlite3.OperationalError, match=CHANGED):
            reader.execute("SELECT COUNT(*) FROM seen")
        assert reader.execute("SELECT 1").fetchone() == (1,)


def test_failed_statement_leaves_the_transaction_before_it(writer: Any):
    writer.execute("INSERT INTO items (name) VALUES ('four')")
    for sql in ("INSERT INTO items (id, name) VALUES (1, 'x')", "SELECT missing FROM items"):
        with pytest.raises(sqlite3.Error):
            writer.execute(sql)
    with pytest.raises(sqlite3.IntegrityError):
        writer.executemany("INSERT INTO items (id, name) VALUES (?, 'y')", [(8,), (1,)])
    assert writer.in_transaction
    writer.commit()
    found = writer.execute("SELECT id, name FROM items WHERE id > 3").fetchall()
    assert found == [(4, "four")]


def test_error_says_nothing_of_the_row(writer: Any):
    with pytest.raises(sqlite3.IntegrityError) as raised:
        writer.execute("INSERT INTO items (id, name) VALUES (1, 'secret')")
    assert "secret" not in str(raised.value)


def test_one_that_switches_the_setting_off_still_writes_nothing(
    open_connection: Open, url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sqlauthenticator, "refused_on_postgresql", lambda *_: None)
    reader = open_connection()
    reader.execute("SET default_transaction_read_only = off")
    for sql in ("DELETE FROM items", "SELECT 1; DELETE FROM items", "COMMIT; DELETE FROM items"):
        with pytest.raises(sqlite3.OperationalError):
            reader.execute(sql)
    engine = sqlauthenticator.engine(url=url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        for sql in ("DELETE FROM items", "SELECT 1; DELETE FROM items", "COMMIT; DELETE FROM x"):
            with pytest.raises(sa.exc.DBAPIError):
                connection.exec_driver_sql(sql)
    engine.dispose()
    assert open_connection().execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


def test_function_that_may_act_is_not_called(open_connection: Open, writer: Any):
    for target in TARGETS:
        writer.execute(target)
    writer.execute("CREATE FUNCTION half(n INT) RETURNS INT STABLE LANGUAGE sql AS 'SELECT n / 2'")
    reader = open_connection()
    with pytest.raises(sqlite3.OperationalError, match="does not run WRITE_ITEM"):
        reader.execute("SELECT write_item()")
    assert reader.execute("SELECT half(id) FROM items ORDER BY id").fetchall() == [(0,), (1,), (1,)]


def test_engine_takes_an_isolation_level(url: str, writer: Any):
    engine = sqlauthenticator.engine(url=url)
    counted = sa.text("SELECT COUNT(*) FROM items")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert connection.execute(counted).scalar() == 3
        writer.execute("DELETE FROM items")
        writer.commit()
        assert connection.execute(counted).scalar() == 3
        assert connection.execute(sa.text("SHOW transaction_read_only")).scalar() == "on"
    engine.dispose()


def test_drivers_own_cursors_hold_to_the_same(url: str):
    engine = sqlauthenticator.engine(url=url)
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    for use in (
        lambda: driver.execute("DELETE FROM items"),
        lambda: driver.cursor("named").execute("SELECT 1; SELECT 2"),
        lambda: driver.cursor().executemany("DELETE FROM items WHERE id = %s", [(1,)]),
        lambda: list(driver.cursor().stream("DELETE FROM items RETURNING 1")),
        lambda: driver.cursor().copy("COPY items FROM STDIN"),
    ):
        with pytest.raises(psycopg.OperationalError, match="read-only: this connection only reads"):
            use()
    assert driver.cursor("named").execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
    connection.close()
    engine.dispose()


def test_copy_has_no_way_through_and_says_so(writer: Any):
    with pytest.raises(sqlite3.OperationalError, match="COPY"):
        writer.execute("COPY items TO STDOUT")
    assert writer.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
