"""Statements end at their limit, results may be huge, threads may share a connection."""

import os
import signal
import sqlite3
import threading
import time
import tracemalloc
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import connector
from tests.sqlauthenticator.conftest import database_of, number_of

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT "
FOREVER = NUMBERS + "COUNT(*) FROM n AS a, n AS b, n AS c WHERE a.i + b.i + c.i < 0"
HUGE = NUMBERS + "a.i, b.i, 'a text of some length' FROM n AS a, n AS b WHERE b.i <= 100"
COUNTED = NUMBERS + (
    "(a.i - 1) * 1000 + b.i AS k FROM n AS a, n AS b"
    " WHERE (a.i - 1) * 1000 + b.i <= ? AND a.i <= 13 ORDER BY k"
)
SERVERS = ["mariadb", "mysql", "postgresql"]
OVER = r"^interrupted: a statement may take 0\.5 s \(connector\(limit=\.\.\.\)\)$"
servers = pytest.mark.parametrize("engine_name", SERVERS, indirect=True)


def test_statement_over_its_limit_ends_with_a_clear_error(open_connection: Any):
    reader = open_connection(limit=0.5)
    start = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match=OVER):
        reader.execute(FOREVER)
    assert time.monotonic() - start < 30
    assert reader.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


def test_limit_is_of_each_statement_not_of_all(open_connection: Any):
    reader = open_connection(limit=0.5)
    cursor = reader.execute("SELECT id FROM items ORDER BY id")
    time.sleep(0.7)
    assert len(cursor.fetchall()) == 3
    assert reader.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


def test_limit_holds_in_a_snapshot_and_leaves_it_open(open_connection: Any, writer: Any):
    reader = open_connection(limit=0.5)
    with reader.snapshot():
        with pytest.raises(sqlite3.OperationalError, match=OVER):
            reader.execute(FOREVER)
        writer.execute("DELETE FROM items")
        writer.commit()
        assert reader.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


def test_engine_has_the_limit_too(url: str):
    engine = sqlauthenticator.engine(url=url, limit=0.5)
    start = time.monotonic()
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.text(FOREVER)).fetchall()
    assert time.monotonic() - start < 30
    engine.dispose()


@pytest.mark.parametrize("limit", [0, -1, 1e9, float("nan"), None, "60"])
def test_limit_has_to_be_a_sensible_number_of_seconds(url: str, limit: Any):
    with pytest.raises(ValueError, match="limit is in seconds"):
        connector(url=url, limit=limit)


@servers
def test_frozen_server_is_waited_for_no_longer_than_the_limit_and_a_margin(
    private_server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sqlauthenticator, "MARGIN", 1)
    server = private_server()
    with closing(connector(url=database_of(server), limit=1)) as reader:
        reader.execute("SELECT 1")
        # PostgreSQL has a process for each connection.
        own = [number_of(reader)] if server.engine == "postgresql" else []
        stop(*own)
        server.freeze()
        start = time.monotonic()
        for _ in range(2):  # a statement, then a new connection
            with pytest.raises(sqlite3.OperationalError):
                reader.execute("SELECT 1")
        assert time.monotonic() - start < 20
        server.thaw()
        go_on(*own)
        assert reader.execute("SELECT 1").fetchone() == (1,)


def stop(*processes: int) -> None:
    for process in processes:
        os.kill(process, signal.SIGSTOP)


def go_on(*processes: int) -> None:
    for process in processes:
        os.kill(process, signal.SIGCONT)


def test_huge_result_is_read_with_little_memory(reader: Any):
    tracemalloc.start()
    cursor = reader.execute(HUGE)
    rows = sum(1 for _ in cursor)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 100_000
    assert most < 10_000_000


@pytest.mark.parametrize("number", [4_999, 5_000, 5_001, 12_345])
def test_result_keeps_its_rows_and_their_order(reader: Any, number: int):
    cursor = reader.execute(COUNTED, (number,))
    head, tail = cursor.fetchmany(3), cursor.fetchall()
    assert [row[0] for row in head + tail] == list(range(1, number + 1))


def test_threads_may_share_a_connection(reader: Any):
    found: list[Any] = []

    def ask(number: int) -> None:
        for _ in range(20):
            found.append(reader.execute("SELECT ?, COUNT(*) FROM items", (number,)).fetchone())

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted((number, 3) for number in range(4) for _ in range(20))
