"""What is posted is answered for before the commit; nothing open goes back to the pool."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from engines import connect, kind_of
from engines.asking.mysql_statements import ask_ahead
from engines.bulk.pymysql_rows import cut
from engines.transaction import transact
from schema.tables.reconciler import marks

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

MARK = text("INSERT INTO marks (subject, name, time) VALUES ('', :name, now())")
HERE = text("SELECT name FROM marks ORDER BY name")
ROLLBACKS = text("SHOW SESSION STATUS LIKE 'Com_rollback'")


def rollbacks(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(ROLLBACKS).one()[1])


def test_committed_transaction_is_not_rolled_back(engine: Engine):
    before = rollbacks(engine)
    for number in range(5):
        with engine.begin() as connection:
            connection.execute(MARK, {"name": f"mark {number}"})
    assert rollbacks(engine) == before + 1  # of the question itself, which no COMMIT ends


def test_transaction_that_nobody_ended_is_rolled_back(engine: Engine, store_url: str):
    connection = engine.raw_connection()
    connection.cursor().execute("INSERT INTO marks (subject, name, time) VALUES ('', 'a', now())")
    connection.close()
    with engine.begin() as later:
        later.execute(MARK, {"name": "b"})
    other = connect(store_url)
    with other.connect() as reader:
        assert list(reader.scalars(HERE)) == ["b"]
    other.dispose()


def test_posted_rows_are_there_for_the_next_statement_and_after_the_commit(engine: Engine):
    with engine.begin() as connection:
        for name in "abc":
            kind_of(connection).post(connection, MARK, [{"name": name}, {"name": name * 2}])
        assert list(connection.scalars(HERE)) == ["a", "aa", "b", "bb", "c", "cc"]
        kind_of(connection).post(connection, MARK, [{"name": "d"}])
    with engine.connect() as connection:
        assert list(connection.scalars(HERE))[-1] == "d"


def test_error_of_a_posted_statement_is_raised_by_the_next_one_and_nothing_is_stored(
    engine: Engine,
):
    def work(connection: Connection) -> None:
        for name in "aab":
            kind_of(connection).post(connection, MARK, [{"name": name}])
        with pytest.raises(IntegrityError, match="1062"):
            connection.scalars(HERE)
        raise Stopped

    stop(engine, work, Stopped)
    with engine.begin() as connection:
        assert list(connection.scalars(HERE)) == []
        connection.execute(MARK, {"name": "c"})
    assert names(engine) == ["c"]


def test_error_of_the_last_posted_statement_stops_the_commit(engine: Engine):
    def work(connection: Connection) -> None:
        kind_of(connection).post(connection, MARK, [{"name": "a"}])
        kind_of(connection).post(connection, MARK, [{"name": "a"}])

    assert "1062" in str(stop(engine, work, IntegrityError))
    assert names(engine) == []


def test_connection_that_is_lost_after_a_post_is_replaced(engine: Engine, store_url: str):
    other = connect(store_url)

    def work(connection: Connection) -> None:
        number = connection.execute(text("SELECT connection_id()")).scalar_one()
        kind_of(connection).post(connection, MARK, [{"name": "a"}])
        with other.begin() as killing:
            killing.execute(text(f"KILL {number}"))
        kind_of(connection).post(connection, MARK, [{"name": "b"}])

    assert stop(engine, work, DBAPIError).connection_invalidated
    with engine.begin() as connection:
        connection.execute(MARK, {"name": "c"})
    assert names(engine) == ["c"]
    other.dispose()


@pytest.mark.parametrize("way", ["post", "ask_ahead"])
def test_what_is_held_back_on_a_closed_connection_raises_sqlalchemys_error(
    engine: Engine, way: str
):
    """As PyMySQL's own it would be nobody's, and what could be done again was not."""
    rows = [{"subject": "", "name": name, "time": datetime(2026, 11, 22)} for name in "ab"]
    kind = kind_of(engine)
    held: dict[str, Callable[[Connection], object]] = {
        "post": lambda connection: kind.post(connection, insert(marks), rows),
        "ask_ahead": lambda connection: (
            ask_ahead(connection, [("SELECT 1", None)]),
            kind_of(engine).ask(connection, [("SELECT 2", None)], None),
        ),
    }
    with engine.connect() as connection:
        connection.begin()
        connection.connection.driver_connection._force_close()  # as `push` does that sends in vain
        with pytest.raises(DBAPIError) as raised:
            held[way](connection)
        assert raised.value.connection_invalidated


def test_transaction_that_breaks_after_a_post_leaves_nothing(engine: Engine):
    def work(connection: Connection) -> None:
        kind_of(connection).post(connection, MARK, [{"name": "a"}])
        raise Stopped

    stop(engine, work, Stopped)
    assert names(engine) == []


class Stopped(Exception):
    """What stops a transaction."""


def stop(engine: Engine, work: Callable[[Connection], None], error: type[Any]) -> Any:
    """Return the error that a transaction ends with."""
    with pytest.raises(error) as raised:
        transact(engine, work)
    return raised.value


def names(engine: Engine) -> list[str]:
    """Return the rows that are committed."""
    with engine.connect() as connection:
        return list(connection.scalars(HERE))


def test_rows_of_one_statement_are_stored_as_they_are(engine: Engine):
    names = ["it's", "100%s", "(a), (b)", "values (%(name)s)", "ö\\"]
    with engine.begin() as connection:
        connection.execute(MARK, [{"name": name} for name in names])
        assert set(connection.scalars(HERE)) == set(names)


def test_posted_insert_stores_its_rows_as_they_are(engine: Engine):
    names = ["it's", "100%s", "%(name)s", "values (%(name)s)", "ö\\", ":name", "a\nb"]
    now = datetime(2026, 11, 22, 9, 8, 7, 654321)
    rows = [{"subject": "%", "name": name, "time": now} for name in names]
    with engine.begin() as connection:
        kind_of(connection).post(connection, insert(marks), rows)
        kind_of(connection).post(
            connection, insert(marks), [{**rows[0], "subject": "", "value": None}]
        )
    with engine.connect() as connection:
        found = connection.execute(select(marks.c.subject, marks.c.name, marks.c.time)).all()
    assert sorted(found) == sorted([("", "it's", now), *(("%", name, now) for name in names)])


def test_statement_is_cut_before_and_behind_its_values(engine: Engine):
    query = "INSERT INTO t (a) VALUES (%(a)s) ON DUPLICATE KEY UPDATE a = VALUES(a), b = '%%'"
    assert cut(query) == (
        "INSERT INTO t (a) VALUES ",
        "(%(a)s)",
        " ON DUPLICATE KEY UPDATE a = VALUES(a), b = '%'",
    )
    assert cut("UPDATE t SET a = %(a)s") is None


def test_answer_whose_head_comes_in_parts_across_the_limit_is_a_lost_connection(engine: Engine):
    parts = [b"\x01\x00\x00", b"x"]  # as a read of the kernel's gives them when its time is over
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw._rfile.close()
        raw._rfile = SimpleNamespace(read=lambda _: parts.pop(0), close=lambda: None)
        with pytest.raises(DBAPIError) as raised:
            connection.execute(HERE)
        assert raised.value.connection_invalidated
        assert not raw.open
