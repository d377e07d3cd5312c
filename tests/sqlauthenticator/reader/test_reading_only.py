"""A reader writes nothing through any door, whatever its account may do."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import refused_on_server
from tests.counts import count
from tests.sqlauthenticator.reader.reading_only import try_statements, without_guard
from tests.sqlauthenticator.reader.watched import make_targets
from tests.sqlauthenticator.test_limits import FOREVER

servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_hostile_statements_change_nothing(url: str):
    make_targets(url)
    result = try_statements(url, seed=1, count=count(300, 10_000))
    assert result.wrong == []
    assert result.ended["ran"] >= result.ended.total() // 10
    assert result.ended["refused by us"] > result.ended.total() // 4


def test_missing_guard_is_noticed(url: str):
    make_targets(url)
    with without_guard():
        assert try_statements(url, seed=-1, count=300).wrong != []


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("SELECT 1.INTO OUTFILE 'x'", "INTO"),
        ("SELECT 1.5INTO OUTFILE 'x'", "INTO"),
        ("SELECT 1e5INTO OUTFILE 'x'", "INTO"),
        ("SELECT 1 --\u2003 INTO OUTFILE 'x'", "INTO"),
        ("SELECT 'a\\'', 2 INTO OUTFILE 'x'", "INTO"),
        ('SELECT "a\\" INTO OUTFILE "x', "INTO"),
        ("SELECT `get_lock` /* */ ('a', 1)", "GET_LOCK"),
        ('SELECT "get_lock"("a", 1)', "GET_LOCK"),
        ("SELECT LOAD_FILE('/etc/passwd')", "LOAD_FILE"),
        ("SELECT 1 FOR/*!*/UPDATE", "/*!"),
        ("SELECT /*+ MAX_EXECUTION_TIME(0) */ 1", "/*+"),
        ("SELECT\x00 1", "'\\x00'"),
        ("SELECT 1; DELETE FROM items", ";"),
        ("((DELETE FROM items))", "DELETE"),
        ("EXPLAIN ANALYZE UPDATE items SET size = 1", "UPDATE"),
        ("EXPLAIN INSERT items VALUES (1)", "INSERT"),
        ("SELECT NEXT VALUE FOR numbers", "NEXT"),
        ("SELECT $$'$$ INTO OUTFILE 'x'", "$$"),
        ("SET @a = 1, @@`max_statement_time` = 0", "SET @ @ `MAX_STATEMENT_TIME = 0"),
        ("SET SESSION sql_mode = ''", "SET SESSION SQL_MODE = ''"),
        ("SET @a = (SELECT 1)", "SELECT"),
        ("SHOW TABLES WHERE SLEEP(9)", "SLEEP"),
        ("CALL write_items()", "CALL"),
    ],
)
def test_statement_is_refused_for_its_word(sql: str, word: str):
    assert refused_on_server(sql) == word


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'INTO OUTFILE', \"it's\", `update`, REPLACE(a, 'b', 'c'), INSERT('a', 1, 1, 'b') ;",
        "SELECT /* FOR UPDATE */ a -- DELETE\n FROM t # LOCK",
        "SELECT 1 INTO @a",
        "SELECT update_time FROM information_schema.tables",
        "WITH q AS (SELECT 1) (SELECT * FROM q)",
        "SET @a = CONCAT('b', 1), @@SESSION.time_zone = '+00:00', group_concat_max_len = 9000",
        "SET NAMES 'utf8mb4' COLLATE utf8mb4_bin",
        "EXPLAIN ANALYZE SELECT SLEEP(1)",
        "",
    ],
)
def test_statement_that_reads_is_not_refused(sql: str):
    assert refused_on_server(sql) is None


@pytest.mark.parametrize("name", ["max_statement_time", "MAX_EXECUTION_TIME"])
@servers
def test_limit_is_changed_by_an_argument_only(reader: Any, name: str):
    with pytest.raises(sqlite3.OperationalError, match=r"see connector\(limit=\.\.\.\)$"):
        reader.execute(f"SET {name} = 0")


@servers
def test_session_stays_read_only_through_the_engine(url: str):
    engine = sqlauthenticator.engine(url=url)
    with engine.connect() as connection:
        for sql in ("SET SESSION TRANSACTION READ WRITE", "BEGIN", "SET autocommit = 0"):
            with pytest.raises(sa.exc.OperationalError, match="read-only"):
                connection.exec_driver_sql(sql)
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM items").scalar_one() == 3
    with engine.connect() as connection, pytest.raises(pymysql.OperationalError, match="read-only"):
        connection.execution_options(isolation_level="SERIALIZABLE")
    engine.dispose()


@on_sqlite
@pytest.mark.parametrize(
    "sql",
    ["ATTACH 'made.db' AS made", "PRAGMA query_only = 0", "VACUUM INTO 'made.db'", "BEGIN"],
)
def test_drivers_own_cursor_opens_and_changes_no_file(url: str, sql: str):
    engine = sqlauthenticator.engine(url=url)
    with closing(engine.raw_connection()) as connection:
        with pytest.raises(sqlite3.OperationalError, match=r"^read-only: "):
            connection.cursor().execute(sql)
        assert connection.cursor().execute("SELECT * FROM pragma_table_info('items')").fetchall()
    engine.dispose()
    assert list(Path.cwd().iterdir()) == []


@on_sqlite
def test_drivers_own_cursor_has_the_limit_too(url: str):
    engine = sqlauthenticator.engine(url=url, limit=0.5)
    start = time.monotonic()
    with closing(engine.raw_connection()) as connection:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            connection.cursor().execute(FOREVER)
        assert connection.cursor().execute("SELECT COUNT(*) FROM items").fetchone() == (3,)
    assert time.monotonic() - start < 30
    engine.dispose()
