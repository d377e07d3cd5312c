"""A connection that the server closed is replaced unseen, unless something was lost with it."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import PostgresConnection, connector
from tests import servers
from tests.sqlauthenticator.conftest import database_of, end_connection, number_of

SERVERS = ["mariadb", "mysql", "postgresql"]
pytestmark = pytest.mark.parametrize("engine_name", SERVERS, indirect=True)
IDLE = ("SET SESSION wait_timeout = 1", "SET idle_session_timeout = '1s'")

COUNT = "SELECT COUNT(*) FROM items"
UNDONE = "closed the connection and undid the open transaction; the next statement connects again$"
FORGOTTEN = "forgot what SET, USE and the like did; the next statement connects again$"


def is_postgresql(connection: Any) -> bool:
    return type(connection) is PostgresConnection


def kill(connection: Any, writer: Any) -> None:
    """Kill a connection by another one, and wait until the server has closed it."""
    end_connection(number_of(connection), writer)


def let_idle(connection: Any) -> None:
    """Let the server close a connection because nothing was asked for too long."""
    connection.execute(IDLE[is_postgresql(connection)])
    time.sleep(2.5)


@pytest.fixture(params=["idle", "killed"])
def close_at_server(request: pytest.FixtureRequest, writer: Any) -> Callable[[Any], None]:
    """Give a way to have the server close a connection."""
    return let_idle if request.param == "idle" else lambda connection: kill(connection, writer)


def test_closed_connection_is_replaced_unseen(reader: Any, close_at_server: Any):
    reader.execute("USE shark_dashboard_db")
    close_at_server(reader)
    assert reader.execute(COUNT).fetchone() == (3,)
    zone = "current_setting('TimeZone')" if is_postgresql(reader) else "@@time_zone"
    assert reader.execute(f"SELECT {zone}").fetchone() in (("+00:00",), ("UTC",))
    with pytest.raises(sqlite3.OperationalError, match="only reads"):
        reader.execute("DELETE FROM items")


def test_closed_connection_is_replaced_before_a_change_a_snapshot_and_a_commit(
    open_connection: Any, reader: Any, close_at_server: Any
):
    changer = open_connection(write=True)
    close_at_server(changer)
    changer.commit()
    changer.executemany("INSERT INTO items (name) VALUES (?)", [("four",), ("five",)])
    changer.commit()
    assert changer.total_changes == 2
    assert reader.execute(COUNT).fetchone() == (5,)
    close_at_server(reader)
    with reader.snapshot():
        assert reader.execute(COUNT).fetchone() == (5,)


@pytest.mark.parametrize("begun", ["BEGIN", "UPDATE items SET size = 9"])
@pytest.mark.parametrize("sql", [COUNT, "UPDATE items SET size = 8"])
def test_closed_connection_says_that_its_transaction_is_undone(
    open_connection: Any, close_at_server: Any, begun: str, sql: str
):
    changer = open_connection(write=True)
    changer.execute(IDLE[is_postgresql(changer)].replace("idle_s", "idle_in_transaction_s"))
    changer.execute(begun)
    close_at_server(changer)
    with pytest.raises(sqlite3.OperationalError, match=UNDONE):
        changer.execute(sql)
    assert not changer.in_transaction
    assert changer.execute("SELECT size FROM items WHERE id = 1").fetchone() == (1.5,)


def test_commit_of_a_closed_connection_is_an_error_and_rollback_is_none(
    open_connection: Any, writer: Any
):
    changer = open_connection(write=True)
    changer.execute("DELETE FROM items")
    kill(changer, writer)
    with pytest.raises(sqlite3.OperationalError, match=UNDONE):
        changer.commit()
    changer.execute("DELETE FROM items")
    kill(changer, writer)
    changer.rollback()
    assert changer.execute(COUNT).fetchone() == (3,)


def delete_in_a_block(changer: Any, writer: Any) -> None:
    with changer:
        changer.execute("DELETE FROM items")
        kill(changer, writer)


def test_block_that_commits_on_a_closed_connection_raises(open_connection: Any, writer: Any):
    changer = open_connection(write=True)
    with pytest.raises(sqlite3.OperationalError, match=UNDONE):
        delete_in_a_block(changer, writer)
    assert changer.execute(COUNT).fetchone() == (3,)


@pytest.mark.parametrize(
    ("sql", "on_postgresql"),
    [
        ("SET @since = 2", "SET LOCAL TIME ZONE 'Asia/Tokyo'"),
        ("/* of */ SET wait_timeout = 60, @since = 2", "/* of /**/ */ SET TIME ZONE 'UTC'"),
        ("SET time_zone = '+05:00'", "SET TimeZone TO 'Asia/Tokyo'"),
        ("SELECT @since := 2", "SET search_path = public, pg_catalog"),
        ("SELECT 2 INTO @since", "SET work_mem = '8MB'"),
        ("USE information_schema", "SET enable_seqscan = off"),
    ],
)
def test_closed_connection_says_that_its_session_is_forgotten(
    reader: Any, writer: Any, sql: str, on_postgresql: str
):
    reader.execute(on_postgresql if is_postgresql(reader) else sql)
    kill(reader, writer)
    with pytest.raises(sqlite3.OperationalError, match=FORGOTTEN):
        reader.execute("SELECT 1")
    assert reader.execute("SELECT 1").fetchone() == (1,)
    kill(reader, writer)
    assert reader.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("sql", "on_postgresql"),
    [
        ("SET SESSION lock_wait_timeout = 5, wait_timeout = 60", "SET lock_timeout = '5s'"),
        ("SELECT '@a := 1', 'INTO @a'", "SELECT $$ := $$, E'\\' := 1'"),
        ("SELECT @@wait_timeout", "SHOW lock_timeout"),
        ("SHOW VARIABLES LIKE 'time_zone' -- SET @a = 1", "SELECT 1 -- SET TIME ZONE 1"),
    ],
)
def test_closed_connection_without_a_changed_session_is_replaced(
    reader: Any, writer: Any, sql: str, on_postgresql: str
):
    reader.execute(on_postgresql if is_postgresql(reader) else sql)
    kill(reader, writer)
    assert reader.execute("SELECT 1").fetchone() == (1,)


def test_connection_killed_under_a_statement_fails_it_and_connects_again(reader: Any, writer: Any):
    timer = threading.Timer(0.5, end_connection, [number_of(reader), writer])
    timer.start()
    slept = "pg_sleep(20)" if is_postgresql(reader) else "SLEEP(20)"
    with pytest.raises(sqlite3.OperationalError):
        reader.execute(f"SELECT {slept}, COUNT(*) FROM items")  # noqa: S608 - ours
    timer.join()
    assert reader.execute(COUNT).fetchone() == (3,)


def test_server_that_started_again_is_connected_to_unseen(private_server: Any, engine_name: str):
    server = private_server()
    url = database_of(server)
    engine = sqlauthenticator.engine(url=url)
    with closing(connector(url=url)) as reader, closing(connector(url=url, write=True)) as changer:
        ask_engine(engine)
        changer.execute("BEGIN")
        with reader.snapshot():
            server.stop()
            with pytest.raises(sqlite3.OperationalError, match="what was open went with it"):
                reader.execute("SELECT 1")
            with pytest.raises(sqlite3.OperationalError, match="snapshot has ended with its conn"):
                reader.execute("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="cannot be reached"):
            reader.execute("SELECT 1")
        servers.START[engine_name](server.dir, server.port)
        assert reader.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match=UNDONE):
            changer.execute("SELECT 1")
        ask_engine(engine)
    engine.dispose()


def ask_engine(engine: sa.Engine) -> int:
    """Ask on a connection of the pool, and tell its number at the server."""
    with engine.connect() as connection:
        asked = "pg_backend_pid()" if engine.name == "postgresql" else "CONNECTION_ID()"
        return int(connection.execute(sa.text(f"SELECT {asked}")).scalar_one())


def test_engine_replaces_a_connection_that_was_closed_in_its_pool(url: str, writer: Any):
    engine = sqlauthenticator.engine(url=url)
    number = ask_engine(engine)
    assert ask_engine(engine) == number
    end_connection(number, writer)
    assert ask_engine(engine) != number
    engine.dispose()


def test_connection_that_was_lost_may_be_closed(open_connection: Any, writer: Any):
    reader = open_connection()
    kill(reader, writer)
    reader.close()
    reader = open_connection(write=True)
    reader.execute("BEGIN")
    kill(reader, writer)
    with pytest.raises(sqlite3.OperationalError, match=UNDONE):
        reader.execute(COUNT)
    reader.close()
