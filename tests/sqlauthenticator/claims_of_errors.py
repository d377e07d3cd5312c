"""How misuse and refused statements end: in sqlite3's exceptions, often in its words."""

import pickle
import sqlite3
from contextlib import closing

import pytest

from tests.sqlauthenticator.claims import ALL, PAIRS, claim

CLOSED = "Cannot operate on a closed database."


@claim
def nothing_works_after_close(conn):
    cursor = conn.execute(ALL)
    conn.close()
    conn.close()
    for use in (
        conn.cursor,
        conn.commit,
        conn.rollback,
        conn.__enter__,
        cursor.fetchone,
        cursor.fetchmany,
        cursor.fetchall,
        cursor.close,
        lambda: conn.execute("SELECT 1"),
        lambda: conn.executemany("DELETE FROM items", []),
        lambda: cursor.execute("SELECT 1"),
        lambda: next(cursor),
        lambda: conn.total_changes,
        lambda: conn.in_transaction,
    ):
        with pytest.raises(sqlite3.ProgrammingError) as raised:
            use()
        assert str(raised.value) == CLOSED


@claim
def nothing_works_on_a_closed_cursor(conn):
    with closing(conn.execute(ALL)) as cursor:
        assert cursor.fetchone() == PAIRS[0]
    for use in (cursor.fetchone, cursor.fetchall, lambda: cursor.execute(ALL)):
        with pytest.raises(
            sqlite3.ProgrammingError, match=r"^Cannot operate on a closed cursor\.$"
        ):
            use()
    assert conn.execute(ALL).fetchone() == PAIRS[0]


@claim
def values_are_counted(conn):
    for sql, values, uses in (
        ("SELECT ?", (1, 2), 1),
        ("SELECT ?, ?", (1,), 2),
        ("SELECT 1", [1], 0),
    ):
        with pytest.raises(sqlite3.ProgrammingError) as raised:
            conn.execute(sql, values)
        assert str(raised.value) == (
            "Incorrect number of bindings supplied. The current statement uses "
            f"{uses}, and there are {len(values)} supplied."
        )


@claim
def names_have_to_be_there(conn):
    with pytest.raises(sqlite3.ProgrammingError) as raised:
        conn.execute("SELECT :a, :b", {"a": 1})
    assert str(raised.value) == "You did not supply a value for binding parameter :b."


@claim
def names_do_not_fill_places(conn):
    with pytest.raises(sqlite3.ProgrammingError):
        conn.execute("SELECT ?", {"a": 1})


@claim
def strange_parameters_are_refused(conn):
    for parameters in (5, {1, 2}, iter([1])):
        with pytest.raises(sqlite3.ProgrammingError, match=r"^parameters are of unsupported type$"):
            conn.execute("SELECT ?", parameters)
    for value in ({"a": 1}, object()):  # a list is taken here, for IN
        with pytest.raises(sqlite3.ProgrammingError, match="is not supported"):
            conn.execute("SELECT ?", (value,))


@claim
def many_selects_are_refused(conn):
    with pytest.raises(sqlite3.ProgrammingError, match="can only execute DML statements"):
        conn.executemany("SELECT ?", [(1,), (2,)])


@claim
def sql_that_means_nothing_is_an_operational_error(conn):
    for sql in ("SELECT * FROM missing", "SELECT missing FROM items", "SELECT FROM WHERE"):
        cursor = conn.execute(ALL)
        with pytest.raises(sqlite3.OperationalError) as raised:
            cursor.execute(sql)
        assert str(raised.value)
        assert (cursor.fetchall(), cursor.description) == ([], None)
    assert conn.execute(ALL).fetchall() == PAIRS


@claim
def broken_constraints_are_integrity_errors(conn):
    for sql in (
        "INSERT INTO items (id, name) VALUES (1, 'again')",
        "INSERT INTO items (id, name) VALUES (9, NULL)",
        "INSERT INTO items (id) VALUES (9)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(sql)
    conn.rollback()
    assert conn.execute(ALL).fetchall() == PAIRS


@claim
def an_error_may_be_pickled_and_a_connection_not(conn):
    with pytest.raises(sqlite3.OperationalError) as raised:
        conn.execute("SELECT * FROM missing")
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - pickled on this line
    assert str(again) == str(raised.value)
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(conn)
