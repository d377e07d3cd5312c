"""Questions that are asked together get the answers that SQLAlchemy gives to each alone."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, event, func, insert, select, tuple_
from sqlalchemy.exc import DBAPIError

from engines import kind_of
from engines.asking.questions import SPELLED, Question, ask
from engines.bulk.id_list import among_ids
from schema.tables.ci import jobs, repos
from schema.tables.reconciler import marks

NOON = datetime(2026, 11, 29, 12, 0, 0, 654321)
AMONG: Any = bindparam("gitids", expanding=True)
PAIRS: Any = bindparam("pairs", expanding=True)
BY_ID = (
    select(repos.c.gitid, repos.c.name, repos.c.private, repos.c.gonetime, repos.c.version)
    .where(repos.c.provider == bindparam("of"), repos.c.gitid.in_(AMONG))
    .order_by(repos.c.gitid)
)
BY_PAIR = (
    select(repos.c.name, func.coalesce(repos.c.url, "none").label("url"))
    .where(tuple_(repos.c.provider, repos.c.gitid).in_(PAIRS))
    .order_by(repos.c.name)
)
ROWS = [
    {"provider": "github", "gitid": number, "name": name, "private": hidden, "version": mark}
    for number, name, hidden, mark in (
        (1, "o/one", True, b"\x00\xff'"),
        (2, "100% it's \\ ö 😀", False, b""),
        (3, "x" * 300, None, b"\x01" * 32),
    )
]
"""A long text, odd ones, and all that a truth may be."""


@pytest.fixture
def stored(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(insert(repos), [{**row, "gonetime": NOON} for row in ROWS])
    return engine


def test_answers_are_those_of_each_question_alone(stored: Engine):
    questions = [
        Question(BY_ID, {"of": "github", "gitids": [1, 2, 3]}),
        Question(BY_PAIR, {"pairs": [("github", 1), ("github", 3), ("gitlab", 2)]}),
        Question(BY_ID, {"of": "github", "gitids": [9]}),
        Question(BY_ID, {"of": "github", "gitids": [2]}),
    ]
    with stored.connect() as connection:
        alone = [connection.execute(one.select, dict(one.values)).all() for one in questions]
        found = ask(connection, *questions)
    assert [[tuple(row) for row in rows] for rows in found] == [
        [tuple(row) for row in rows] for rows in alone
    ]
    first, _, _ = found[0]
    assert (first.gitid, first.name, first.version) == (1, "o/one", b"\x00\xff'")
    assert first.private is True
    assert first.gonetime == NOON
    assert [len(rows) for rows in found] == [3, 2, 0, 1]


def test_list_that_is_one_value_is_bound_as_its_type_says(stored: Engine):
    name = select(repos.c.name).where(among_ids(repos.c.gitid, "those")).order_by(repos.c.gitid)
    with stored.connect() as connection:
        SPELLED.clear()
        for wanted in ([1], [3, 1], []):
            (rows,) = ask(connection, Question(name, {"those": wanted}))
            assert len(rows) == len(wanted)
    assert len(SPELLED) == 1


def test_question_is_spelled_once_for_each_number_of_values(stored: Engine):
    with stored.connect() as connection:
        SPELLED.clear()
        for wanted in ([1], [2], [1, 2], [3, 1]):
            (rows,) = ask(connection, Question(BY_ID, {"of": "github", "gitids": wanted}))
            assert [row.gitid for row in rows] == sorted(wanted)
    assert len(SPELLED) == 2


def test_question_sees_what_was_posted_before_it(stored: Engine):
    with stored.begin() as connection:
        row = {"provider": "github", "gitid": 4, "name": "o/four", "version": b""}
        kind_of(connection).post(connection, insert(repos), [row])
        (before,), after = ask(
            connection,
            Question(BY_ID, {"of": "github", "gitids": [4]}),
            Question(BY_PAIR, {"pairs": [("github", 4)]}),
        )
    assert before.name == "o/four"
    assert [tuple(row) for row in after] == [("o/four", "none")]


def test_error_of_one_question_is_raised_and_nothing_is_left_of_the_others(stored: Engine):
    broken = select(jobs.c.gitid, repos.c.Id / 0, marks.c.value).where(
        func.no_such_function(jobs.c.gitid) == 1
    )
    good = Question(BY_ID, {"of": "github", "gitids": [1]})
    for asked in ([good, Question(broken, {}), good], [Question(broken, {}), good]):
        with stored.connect() as connection:
            with pytest.raises(DBAPIError, match="no_such_function"):
                ask(connection, *asked)
            connection.rollback()
            ((row,),) = ask(connection, good)
            assert row.name == "o/one"


def test_whoever_watches_statements_hears_of_each_question(stored: Engine):
    heard: list[str] = []
    event.listen(stored, "before_cursor_execute", lambda *given: heard.append(given[2]))
    with stored.connect() as connection:
        ask(connection, *[Question(BY_ID, {"of": "github", "gitids": [1]})] * 3)
    assert sum(text.startswith("SELECT") for text in heard) == 3
