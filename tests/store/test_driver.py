"""A connection goes back to the pool without an open transaction, and without asking in vain."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from store.driver import cut
from store.engine import connect

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


def test_rows_of_one_statement_are_stored_as_they_are(engine: Engine):
    names = ["it's", "100%s", "(a), (b)", "values (%(name)s)", "ö\\"]
    with engine.begin() as connection:
        connection.execute(MARK, [{"name": name} for name in names])
        assert set(connection.scalars(HERE)) == set(names)


def test_statement_is_cut_before_and_behind_its_values(engine: Engine):
    query = "INSERT INTO t (a) VALUES (%(a)s) ON DUPLICATE KEY UPDATE a = VALUES(a), b = '%%'"
    assert cut(query) == (
        "INSERT INTO t (a) VALUES ",
        "(%(a)s)",
        " ON DUPLICATE KEY UPDATE a = VALUES(a), b = '%'",
    )
    assert cut("UPDATE t SET a = %(a)s") is None
