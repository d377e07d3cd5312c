"""A few rows are held back and go with the next statement: as safe as if they had gone at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engines import connect, deadline, kind_of
from engines.asking.questions import Question, ask
from engines.transaction import transact
from schema.tables.reconciler import marks

pytestmark = pytest.mark.parametrize(
    "engine_name", ["mariadb", "mysql", "postgresql"], indirect=True
)

NAMES = select(marks.c.name).order_by(marks.c.name)
BAD = "bad"
"""The name of a mark that no table takes: it has no time."""
SESSION = {"postgresql": "SELECT pg_backend_pid()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})"}


class Stopped(Exception):
    """What stops a transaction."""


def post(connection: Connection, *names: str, size: int = 0) -> None:
    """Post a mark for each name."""
    kind, now = kind_of(connection), datetime(2026, 11, 29, 9, 8, 7, 654321)
    upsert = kind.insert_or(marks, ("subject", "name"), lambda new: [("value", new["value"])])
    for name in names:
        time = None if name == BAD else now
        row = {"subject": "s", "name": name, "time": time, "value": "x" * size}
        kind.post(connection, upsert, [row])


def names(engine: Engine) -> list[str]:
    """Return the marks that are committed."""
    with engine.connect() as connection:
        return list(connection.scalars(NAMES))


def stop(
    engine: Engine, work: Callable[[Connection], None], error: type[Any] | tuple[type[Any], ...]
) -> Any:
    """Return the error that a transaction ends with."""
    with pytest.raises(error) as raised:
        transact(engine, work)
    return raised.value


def test_held_rows_are_there_for_the_next_statement_and_after_the_commit(engine: Engine):
    with engine.begin() as connection:
        post(connection, "a", "b")
        ((first, second),) = ask(connection, Question(NAMES, {}))
        assert (first.name, second.name) == ("a", "b")
        post(connection, "c")
        assert list(connection.scalars(NAMES)) == ["a", "b", "c"]
        post(connection, "d", "e")
    assert names(engine) == [*"abcde"]


def test_held_rows_take_no_round_trip(engine: Engine):
    with engine.begin() as connection:
        raw: Any = connection.connection.driver_connection
        post(connection, *"abc")
        assert len(raw.held) == 3
        assert names(engine) == []
        ask(connection, Question(NAMES, {}))
        assert not raw.held


def test_error_of_a_held_statement_is_raised_by_the_next_one(engine: Engine):
    def work(connection: Connection) -> None:
        post(connection, "a", BAD, "b")
        with pytest.raises(IntegrityError):
            connection.scalars(NAMES)
        raise Stopped

    stop(engine, work, Stopped)
    assert names(engine) == []
    with engine.begin() as connection:
        post(connection, "c")
    assert names(engine) == ["c"]


def test_error_of_the_last_held_statement_stops_the_commit(engine: Engine):
    stop(engine, lambda connection: post(connection, "a", "b", BAD), IntegrityError)
    assert names(engine) == []
    with engine.begin() as connection:
        post(connection, "c")
    assert names(engine) == ["c"]


def test_transaction_that_breaks_leaves_nothing_of_what_was_held(engine: Engine):
    def work(connection: Connection) -> None:
        post(connection, "a")
        ask(connection, Question(NAMES, {}))
        post(connection, "b", "c")
        raise Stopped

    for _ in range(3):
        stop(engine, work, Stopped)
        assert names(engine) == []
    with engine.begin() as connection:
        post(connection, "d")
    assert names(engine) == ["d"]


def test_savepoint_that_is_gone_back_to_leaves_nothing_of_what_was_held_since(engine: Engine):
    with engine.begin() as connection:
        post(connection, "a")
        savepoint = connection.begin_nested()
        post(connection, BAD)
        savepoint.rollback()
        post(connection, "b")
    assert names(engine) == ["a", "b"]


def kill(connection: Connection, engine_name: str, store_url: str) -> None:
    """End a connection's session."""
    asked = SESSION.get(engine_name, "SELECT connection_id()")
    number = connection.execute(text(asked)).scalar_one()
    other = connect(store_url)
    with other.begin() as killing:
        killing.execute(text(KILL.get(engine_name, "KILL {}").format(number)))
    other.dispose()


def test_connection_that_is_lost_within_a_savepoint_is_replaced(
    engine: Engine, engine_name: str, store_url: str
):
    tries = []

    def work(connection: Connection) -> None:
        tries.append(connection)
        with connection.begin_nested():
            if len(tries) == 1:
                kill(connection, engine_name, store_url)
            post(connection, "a")
            connection.scalars(NAMES)

    transact(engine, work)
    assert len(tries) == 2
    assert names(engine) == ["a"]


@pytest.mark.parametrize("size", [1, 1 << 24])  # the second is too long to hold
def test_connection_that_is_lost_before_what_is_held_is_sent_is_replaced(
    engine: Engine, engine_name: str, store_url: str, size: int
):
    def work(connection: Connection) -> None:
        kill(connection, engine_name, store_url)
        post(connection, "b", size=size)

    assert stop(engine, work, DBAPIError).connection_invalidated
    with engine.begin() as connection:
        post(connection, "c")
    assert names(engine) == ["c"]


def test_long_values_are_stored_too(engine: Engine):
    with engine.begin() as connection:
        post(connection, *"abcdefghij", size=300_000)
    assert names(engine) == [*"abcdefghij"]


def test_nothing_is_held_when_the_time_is_over(engine: Engine):
    def work(connection: Connection) -> None:
        with deadline.within(0):
            post(connection, "a")

    stop(engine, work, deadline.Late)
    assert names(engine) == []


def test_whoever_watches_statements_hears_of_what_is_held(engine: Engine):
    heard: list[Any] = []
    event.listen(engine, "before_cursor_execute", lambda *given: heard.append(given[3]))
    with engine.begin() as connection:
        post(connection, *"ab")
    assert [[row["name"] for row in rows] for rows in heard] == [["a"], ["b"]]
