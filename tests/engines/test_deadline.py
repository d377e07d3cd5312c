"""No piece of work takes longer than its deadline, however the database behaves."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import floats
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from engines import connect, deadline, faults
from engines.deadline import Late
from engines.transaction import transact
from schema.tables.ci import repos
from tests.servers import Server

on_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@contextmanager
def lasting(least: float, most: float) -> Iterator[None]:
    """Fail unless the block takes this long, in seconds.

    `most` is nearly what it would take without the limit: the machine may be busy.
    """
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began <= most


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop a server's process so that it neither answers nor closes anything."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def ask(engine: Engine) -> object:
    return transact(engine, lambda connection: connection.execute(text("SELECT 1")).scalar_one())


@given(floats(0.001, 10_000))
def test_time_limit_in_steps_is_longer_by_no_more_than_a_step(seconds: float):
    found = deadline.in_steps(seconds)
    assert seconds <= found <= seconds + 0.25
    assert found % 0.25 == 0


def test_statement_after_the_end_is_not_begun(engine: Engine):
    ask(engine)
    with deadline.within(60):
        ask(engine)
        with deadline.within(0), pytest.raises(Late):
            ask(engine)
        assert ask(engine) == 1


def test_inner_deadline_ends_no_later_than_the_outer_one():
    with deadline.within(60):
        with deadline.within(3600):
            assert deadline.at_most(100) <= 60
        with deadline.within(20):
            assert deadline.at_most(100) <= 20
        assert 20 < deadline.at_most(100) <= 60
    assert deadline.at_most(3) == 3
    assert deadline.left() is None


@on_servers
def test_statement_that_takes_too_long_is_cut_off(engine: Engine):
    with deadline.within(0.7), lasting(0.6, 2.8), pytest.raises(DBAPIError):
        transact(engine, lambda connection: connection.execute(text("SELECT SLEEP(10)")))


@on_servers
def test_frozen_server_costs_one_read_timeout_on_a_pooled_and_on_a_new_connection(
    private_server: Callable[..., Server],
):
    server = private_server()
    engine = connect(server.url)
    ask(engine)
    with frozen(server):
        with lasting(2.5, 5.5), pytest.raises(OperationalError) as caught:
            ask(engine)
        assert caught.value.orig.args[0] == 2013
        with lasting(2.5, 5.5), pytest.raises(OperationalError) as caught:
            ask(engine)  # the handshake
        assert faults.fault(caught.value) == faults.CONNECTION
        with deadline.within(0.5), lasting(0.4, 2.8), pytest.raises(OperationalError):
            ask(engine)
    assert ask(engine) == 1
    engine.dispose()


@on_servers
def test_connection_the_server_closed_meanwhile_is_replaced_at_once(
    private_server: Callable[..., Server],
):
    engine = connect(private_server().url)
    ask(engine)
    with engine.connect() as other:
        other.execute(text("SET GLOBAL wait_timeout = 1"))
    engine.dispose()
    ask(engine)
    time.sleep(2.2)
    with lasting(0, 2.5):
        assert ask(engine) == 1
    engine.dispose()


@on_servers
def test_server_restarted_meanwhile_answers_at_once(private_server: Callable[..., Server]):
    from tests import servers

    server = private_server()
    engine = connect(server.url)
    together = [engine.connect() for _ in range(3)]  # three connections in the pool
    for one in together:
        one.execute(text("SELECT 1"))
        one.close()
    server.kill()
    servers.START[server.engine](server.dir, server.port)
    with lasting(0, 2.5):
        assert [ask(engine) for _ in range(4)] == [1] * 4
    engine.dispose()


@on_servers
def test_server_that_became_read_only_empties_the_pool(private_server: Callable[..., Server]):
    server = private_server()
    root = connect(server.url)
    with root.begin() as connection:
        for statement in (
            "CREATE DATABASE runs",
            "CREATE TABLE runs.t (a INT)",
            "CREATE USER writer@localhost",
            "CREATE USER writer@'127.0.0.1'",
            "GRANT ALL ON runs.* TO writer@localhost",
            "GRANT ALL ON runs.* TO writer@'127.0.0.1'",
            "SET GLOBAL read_only = 1",
        ):
            connection.execute(text(statement))
    engine = connect(f"mysql+pymysql://writer@127.0.0.1:{server.port}/runs")
    before = transact(engine, lambda one: one.execute(text("SELECT CONNECTION_ID()")).scalar())
    with pytest.raises(DBAPIError) as caught:
        transact(engine, lambda one: one.execute(text("INSERT INTO t VALUES (1)")))
    assert caught.value.orig.args[0] == 1290
    assert caught.value.connection_invalidated
    after = transact(engine, lambda one: one.execute(text("SELECT CONNECTION_ID()")).scalar())
    assert after > before + 1  # the second of them was tried and failed, too
    root.dispose()
    engine.dispose()


@on_servers
def test_rows_locked_by_another_are_waited_for_until_the_deadline(store_url: str):
    holder, waiter = connect(store_url), connect(store_url)
    row = repos.insert().values(provider="github", gitid=1, name="a/b")
    with holder.begin() as locking:
        locking.execute(row)
        with deadline.within(2.5), lasting(2, 7), pytest.raises((Late, OperationalError)):
            transact(waiter, lambda connection: connection.execute(row))
    holder.dispose()
    waiter.dispose()


@on_sqlite
def test_sqlite_file_locked_by_another_is_waited_for_until_the_deadline(
    engine_name: str, tmp_path: Path
):
    engine = connect(f"sqlite:///{tmp_path / 'runs.db'}")
    ask(engine)
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with deadline.within(0.5), lasting(0.3, 2.8), pytest.raises((Late, OperationalError)):
        ask(engine)
    with lasting(2.5, 10), pytest.raises(OperationalError, match="locked"):
        ask(engine)
    other.close()
    assert ask(engine) == 1
    engine.dispose()
