"""What is held back may be sent before the next statement, and work be done while that is made."""

import time
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engines import connect, kind_of
from engines.asking.questions import Question, ask
from schema.tables.reconciler import marks
from tests.engines.asking.test_held_statements import BAD, NAMES, Stopped, names, post, stop

ALL = pytest.mark.parametrize(
    "engine_name", ["sqlite", "mariadb", "mysql", "postgresql"], indirect=True
)
MYSQLS = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
SECONDS = 10


@MYSQLS
def test_server_works_on_what_is_pushed(engine: Engine, store_url: str):
    other = connect(store_url).execution_options(isolation_level="READ UNCOMMITTED")
    with engine.begin() as connection, other.connect() as reader:
        post(connection, "a")
        kind_of(connection).push(connection)
        post(connection, "b")  # is held
        until = time.monotonic() + SECONDS
        while not (seen := list(reader.scalars(NAMES))) and time.monotonic() < until:
            time.sleep(0.01)
        assert seen == ["a"]
    assert names(engine) == ["a", "b"]
    other.dispose()


@ALL
def test_pushed_statements_are_stored_once(engine: Engine):
    with engine.begin() as connection:
        for name in "abc":
            post(connection, name)
            kind_of(connection).push(connection)
        kind_of(connection).push(connection)
    assert names(engine) == ["a", "b", "c"]


@ALL
def test_transaction_that_breaks_leaves_nothing_of_what_was_pushed(engine: Engine):
    def work(connection: Connection) -> None:
        post(connection, "a")
        kind_of(connection).push(connection)
        post(connection, "b")
        raise Stopped

    stop(engine, work, Stopped)
    assert names(engine) == []


@MYSQLS
@pytest.mark.parametrize("breaks", [False, True])
def test_connection_that_is_lost_before_a_push_is_replaced(
    engine: Engine, store_url: str, breaks: bool
):
    other = connect(store_url)

    def work(connection: Connection) -> None:
        number = connection.execute(text("SELECT connection_id()")).scalar_one()
        with other.begin() as killing:
            killing.execute(text(f"KILL {number}"))
        for name in "abcd":
            post(connection, name)
            kind_of(connection).push(connection)
            time.sleep(0.05)  # the second send is what fails
        if breaks:
            raise Stopped

    error = stop(engine, work, (DBAPIError, Stopped))
    assert isinstance(error, Stopped) or error.connection_invalidated
    with engine.begin() as connection:
        post(connection, "e")
    assert names(engine) == ["e"]
    other.dispose()


@ALL
def test_work_is_done_once_while_questions_are_answered(engine: Engine):
    done: list[int] = []
    with engine.begin() as connection:
        post(connection, "a", "b")
        for number in range(2):
            answers = ask(
                connection,
                Question(NAMES, {}),
                Question(select(marks.c.name).where(marks.c.name == "b"), {}),
                meanwhile=lambda number=number: done.append(number),  # type: ignore[misc]
            )
            assert [[row.name for row in rows] for rows in answers] == [["a", "b"], ["b"]]
        ask(connection, Question(NAMES, {}))
    assert done == [0, 1]


@MYSQLS
def test_error_of_a_question_is_raised_and_the_next_is_answered(engine: Engine):
    done: list[int] = []
    bad = Question(select(text("1 / nowhere")), {})
    with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            ask(connection, Question(NAMES, {}), bad, meanwhile=lambda: done.append(1))
        connection.rollback()
        raw: Any = connection.connection.driver_connection
        assert (raw.keeps_answer, raw.meanwhile, done) == (False, None, [1])
        assert list(connection.scalars(NAMES)) == []


@ALL
def test_rows_that_are_posted_meanwhile_are_stored(engine: Engine):
    with engine.begin() as connection:
        post(connection, "a")
        for name in "bc":
            meanwhile = partial(post, connection, name)
            ((first, *_),) = ask(connection, Question(NAMES, {}), meanwhile=meanwhile)
            assert first.name == "a"
        assert list(connection.scalars(NAMES)) == ["a", "b", "c"]
        ask(connection, Question(NAMES, {}), meanwhile=lambda: post(connection, "d"))
    assert names(engine) == ["a", "b", "c", "d"]


@ALL
@pytest.mark.parametrize("reads", [False, True])
def test_error_of_what_is_posted_meanwhile_stops_the_commit(engine: Engine, reads: bool):
    def work(connection: Connection) -> None:
        post(connection, "a")
        ask(connection, Question(NAMES, {}), meanwhile=lambda: post(connection, "b", BAD))
        if reads:
            connection.scalars(NAMES)

    stop(engine, work, IntegrityError)
    with engine.begin() as connection:
        post(connection, "c")
    assert names(engine) == ["c"]


@ALL
def test_what_goes_wrong_meanwhile_is_raised_and_leaves_nothing(engine: Engine):
    def work(connection: Connection) -> None:
        def meanwhile() -> None:
            post(connection, "b")
            raise Stopped

        post(connection, "a")
        ask(connection, Question(NAMES, {}), Question(NAMES, {}), meanwhile=meanwhile)

    for _ in range(3):
        stop(engine, work, Stopped)
    with engine.begin() as connection:
        post(connection, "c")
        assert list(connection.scalars(NAMES)) == ["c"]
    assert names(engine) == ["c"]


@MYSQLS
def test_rows_posted_beside_a_question_that_fails_are_undone(engine: Engine):
    def work(connection: Connection) -> None:
        post(connection, "a")
        bad = Question(select(text("nowhere")), {})
        ask(connection, bad, meanwhile=lambda: post(connection, "b"))

    stop(engine, work, DBAPIError)
    assert names(engine) == []


@ALL
def test_mistake_meanwhile_is_raised_and_the_next_is_answered(engine: Engine):
    def fail() -> None:
        post(connection, "b")
        raise Stopped

    with engine.begin() as connection:
        post(connection, "a")
        with pytest.raises(Stopped):
            ask(connection, Question(NAMES, {}), meanwhile=fail)
        assert list(connection.scalars(NAMES)) == ["a", "b"]
    assert names(engine) == ["a", "b"]
