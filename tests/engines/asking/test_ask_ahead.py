"""Questions that go ahead are answered with the next ones, and fail as these do."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, literal, select, text
from sqlalchemy.exc import DBAPIError

from engines import kind_of
from engines.asking.questions import Question, ask, ask_ahead
from tests.engines.asking.test_held_statements import NAMES, names, post, stop

MYSQLS = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
FIRST, SECOND, THIRD = (Question(select(literal(one).label("told")), {}) for one in (1, 2, 3))


def sent(connection: Connection, *questions: Question) -> Callable[[], list[list[Any]]]:
    """Send questions ahead."""
    tell = ask_ahead(connection, *questions)
    assert tell is not None
    return tell


@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"], indirect=True)
def test_engine_that_waits_for_each_question_sends_none_ahead(engine: Engine):
    with engine.begin() as connection:
        assert ask_ahead(connection, FIRST) is None


@MYSQLS
def test_answers_come_with_those_to_the_next_questions(engine: Engine):
    with engine.begin() as connection:
        tell = sent(connection, FIRST, Question(NAMES, {}))
        post(connection, "a")
        assert ask(connection, THIRD, Question(NAMES, {})) == [[(3,)], [("a",)]]
        assert tell() == [[(1,)], []]
        assert ask(connection, SECOND) == [[(2,)]]
    assert names(engine) == ["a"]


@MYSQLS
def test_statement_that_is_no_question_does_not_take_the_answers(engine: Engine):
    with engine.begin() as connection:
        tell = sent(connection, FIRST)
        assert connection.execute(text("SELECT 7")).scalar_one() == 7
        assert ask(connection, SECOND) == [[(2,)]]
        assert tell() == [[(1,)]]


@MYSQLS
def test_mistake_in_a_question_ahead_is_raised_by_the_next(engine: Engine):
    def work(connection: Connection) -> None:
        post(connection, "a")
        send = kind_of(connection).ask_ahead
        assert send is not None
        send(connection, [("SELECT 1 FROM no_such_table", {}), ("SELECT 2", {})])
        post(connection, "b")
        ask(connection, THIRD)

    assert "no_such_table" in str(stop(engine, work, DBAPIError))
    assert names(engine) == []
    with engine.begin() as connection:
        assert ask(connection, FIRST, SECOND) == [[(1,)], [(2,)]]


@MYSQLS
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_transaction_that_ends_before_the_next_question_leaves_no_answers(
    engine: Engine, ends: str
):
    with engine.connect() as connection:
        for _ in range(2):
            with connection.begin() as transaction:
                sent(connection, FIRST, SECOND)
                post(connection, "a")
                getattr(transaction, ends)()
            with connection.begin():
                assert ask(connection, THIRD) == [[(3,)]]
                tell = sent(connection, SECOND)
                assert ask(connection, THIRD) == [[(3,)]]
                assert tell() == [[(2,)]]
        connection.rollback()
    assert names(engine) == (["a"] if ends == "commit" else [])
