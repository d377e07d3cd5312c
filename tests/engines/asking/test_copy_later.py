"""Rows that PostgreSQL is sent without a wait: as safe as if each answer had been read at once."""

import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engines import connect, kind_of
from engines.bulk.postgresql_posting import COPIED_ROWS, TOGETHER_ROWS
from engines.transaction import transact
from schema.tables.reconciler import marks
from tests.engines.asking.test_held_statements import NAMES, Stopped, kill, names, stop

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

WAYS = pytest.mark.parametrize("number", [TOGETHER_ROWS, COPIED_ROWS], ids=["text", "copy"])
"""So many rows go as one text, in a pipeline, or by a COPY."""
SECONDS = 10
BOTH = 2


def rows(number: int, mark: str) -> list[dict[str, Any]]:
    """Return so many marks."""
    at = datetime(2026, 11, 30, 1, 2, 3)
    return [
        {"subject": mark, "name": f"{mark}{place:03}", "time": at, "value": "x"}
        for place in range(number)
    ]


def post(connection: Connection, number: int, mark: str = "a", **values: Any) -> None:
    """Post so many new marks, the last with other values."""
    given = rows(number, mark)
    given[-1] |= values
    kind_of(connection).post(connection, insert(marks).inline(), given)


def wanted(number: int, *their: str) -> list[str]:
    """Return the names of marks."""
    return [row["name"] for mark in their for row in rows(number, mark)]


@WAYS
def test_rows_are_there_for_the_next_statement_and_after_the_commit(engine: Engine, number: int):
    with engine.begin() as connection:
        post(connection, number)
        post(connection, number, "b")
        assert list(connection.scalars(NAMES)) == wanted(number, "a", "b")
        post(connection, number, "c")
    assert names(engine) == wanted(number, "a", "b", "c")


@WAYS
def test_server_works_while_nobody_waits(engine: Engine, number: int, store_url: str):
    with engine.begin() as connection:
        post(connection, number)
        raw: Any = connection.connection.driver_connection
        assert raw.owes_copy or raw.sent
        assert not raw.held
        other = connect(store_url)
        locks = "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock'"
        locks += f" AND relation = '{marks.name}'::regclass AND granted"
        until = time.monotonic() + SECONDS
        with other.connect() as watching:
            while not watching.scalar(text(locks)):
                assert time.monotonic() < until
        other.dispose()
    assert names(engine) == wanted(number, "a")


@WAYS
@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("follows", [True, False])
def test_error_is_raised_by_the_next_statement_or_stops_the_commit(
    engine: Engine, number: int, reads: bool, follows: bool
):
    def work(connection: Connection) -> None:
        post(connection, number, time=None)
        time.sleep(0.05)  # the answer is there
        if follows:
            post(connection, TOGETHER_ROWS, "b")
        if reads:
            with pytest.raises(IntegrityError):
                connection.scalars(NAMES)
            raise Stopped

    stop(engine, work, Stopped if reads else IntegrityError)
    assert names(engine) == []
    with engine.begin() as connection:
        post(connection, number)
    assert names(engine) == wanted(number, "a")


@pytest.mark.parametrize("number", [COPIED_ROWS])
def test_error_of_a_copy_is_raised_by_the_next_copy(engine: Engine, number: int):
    def work(connection: Connection) -> None:
        post(connection, number)
        post(connection, number)
        post(connection, number, "b")

    stop(engine, work, IntegrityError)
    assert names(engine) == []


@WAYS
def test_transaction_that_breaks_leaves_nothing(engine: Engine, number: int):
    def work(connection: Connection) -> None:
        post(connection, number)
        post(connection, TOGETHER_ROWS, "b")
        raise Stopped

    for _ in range(3):
        stop(engine, work, Stopped)
        assert names(engine) == []


@WAYS
@pytest.mark.parametrize("at", [None, datetime(2026, 1, 1)], ids=["refused", "stored"])
def test_savepoint_that_is_gone_back_to_leaves_nothing_of_what_was_sent_since(
    engine: Engine, number: int, at: datetime | None
):
    with engine.begin() as connection:
        post(connection, number)
        savepoint = connection.begin_nested()
        post(connection, number, "b", time=at)
        post(connection, TOGETHER_ROWS, "c")
        savepoint.rollback()
        post(connection, number, "d")
    assert names(engine) == wanted(number, "a", "d")


@WAYS
def test_connection_that_is_lost_is_replaced(
    engine: Engine, engine_name: str, store_url: str, number: int
):
    tries = []

    def work(connection: Connection) -> None:
        tries.append(connection)
        post(connection, number)
        if len(tries) == 1:
            kill(connection, engine_name, store_url)
            post(connection, TOGETHER_ROWS, "b")

    transact(engine, work)
    assert len(tries) == BOTH
    assert names(engine) == wanted(number, "a")


@WAYS
def test_transaction_that_breaks_after_its_connection_is_lost_leaves_nothing(
    engine: Engine, engine_name: str, store_url: str, number: int
):
    def work(connection: Connection) -> None:
        kill(connection, engine_name, store_url)
        post(connection, number)
        raise Stopped

    with pytest.raises((Stopped, DBAPIError)), engine.begin() as connection:
        work(connection)
    assert names(engine) == []


@pytest.mark.parametrize("number", [COPIED_ROWS])
def test_row_that_cannot_be_sent_ends_its_copy_at_once(engine: Engine, number: int):
    def work(connection: Connection) -> None:
        post(connection, number, value=object())

    stop(engine, work, DBAPIError)
    assert names(engine) == []
    with engine.begin() as connection:
        post(connection, number)
    assert names(engine) == wanted(number, "a")


@pytest.mark.parametrize("error", [UnicodeError, KeyboardInterrupt])
def test_what_stops_the_sending_leaves_no_pipeline_open(engine: Engine, error: type[BaseException]):
    def stopped() -> None:
        raise error

    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        connection.begin()
        raw.held.append(stopped)
        with pytest.raises(error) as kept:
            raw.push()
        connection.rollback()
        assert (kept.type, raw.pgconn.pipeline_status) == (error, 0)
    with engine.begin() as connection:
        post(connection, 2)
    assert names(engine) == wanted(2, "a")
