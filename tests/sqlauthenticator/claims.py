"""What an analyst may count on, from sqlite3: each claim holds for sqlite3's own connection too."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.sqlauthenticator.conftest import ITEMS

Claim = Callable[[Any], None]
CLAIMS: list[Claim] = []

ALL = "SELECT id, name FROM items ORDER BY id"
PAIRS = [(1, "one"), (2, "two"), (3, "three")]
WIDE = 2**62 + 1


def claim(function: Claim) -> Claim:
    """Add a claim to those that are tried."""
    CLAIMS.append(function)
    return function


@claim
def values_come_back_as_they_went_in(conn):
    assert conn.execute("SELECT * FROM items ORDER BY id").fetchall() == ITEMS
    values = (WIDE, -1, "it's \\ 100% \U0001f600 \n", "", 0.1, None, b"\x00'\\")
    assert conn.execute("SELECT ?, ?, ?, ?, ?, ?, ?", values).fetchone() == values


@claim
def rows_are_tuples_in_lists(conn):
    rows = conn.execute(ALL).fetchall()
    assert type(rows) is list
    assert type(rows[0]) is tuple


@claim
def execute_returns_the_cursor(conn):
    cursor = conn.cursor()
    assert cursor.execute(ALL) is cursor
    assert cursor.connection is conn


@claim
def fetchone_ends_with_none(conn):
    cursor = conn.execute(ALL)
    assert [cursor.fetchone() for _ in range(4)] == [*PAIRS, None]
    assert cursor.fetchone() is None


@claim
def fetchmany_takes_arraysize_or_what_it_is_told(conn):
    cursor = conn.execute(ALL)
    assert cursor.arraysize == 1
    assert cursor.fetchmany() == PAIRS[:1]
    assert cursor.fetchmany(5) == PAIRS[1:]
    assert cursor.fetchmany(5) == []
    cursor = conn.cursor()
    cursor.arraysize = 2
    assert cursor.execute(ALL).fetchmany() == PAIRS[:2]
    assert cursor.fetchmany(size=1) == PAIRS[2:]


@claim
def a_cursor_is_iterated_and_fetched_in_turns(conn):
    cursor = conn.execute(ALL)
    assert next(cursor) == PAIRS[0]
    assert list(cursor) == PAIRS[1:]
    assert cursor.fetchall() == []


@claim
def a_cursor_that_ran_nothing_has_nothing(conn):
    cursor = conn.cursor()
    assert (cursor.fetchone(), cursor.fetchmany(), cursor.fetchall()) == (None, [], [])
    assert (cursor.description, cursor.rowcount, cursor.lastrowid) == (None, -1, None)


@claim
def two_cursors_are_read_side_by_side(conn):
    first, second = conn.execute(ALL), conn.execute(ALL)
    assert [first.fetchone(), second.fetchone(), first.fetchone()] == [*PAIRS[:1] * 2, PAIRS[1]]


@claim
def another_statement_drops_the_rows_of_the_one_before(conn):
    cursor = conn.execute(ALL)
    cursor.execute("SELECT 9")
    assert cursor.fetchall() == [(9,)]


@claim
def description_has_names_and_six_nones(conn):
    cursor = conn.execute("SELECT id, name AS Label FROM items WHERE id < 0")
    assert cursor.description == (("id", *[None] * 6), ("Label", *[None] * 6))
    cursor.execute("UPDATE items SET size = 0")
    assert cursor.description is None


@claim
def rowcount_counts_the_rows_a_change_found(conn):
    before = conn.total_changes
    assert conn.execute(ALL).rowcount == -1
    assert conn.execute("UPDATE items SET name = 'one' WHERE id < 3").rowcount == 2
    assert conn.execute("DELETE FROM items WHERE id > 9").rowcount == 0
    rows = [(None, "a"), (None, "b")]
    cursor = conn.executemany("INSERT INTO items (size, name) VALUES (?, ?)", rows)
    assert cursor.rowcount == 2
    assert conn.total_changes - before == 2 + 2


@claim
def executemany_without_rows_changes_nothing(conn):
    conn.executemany("INSERT INTO items (name) VALUES (?)", [])
    assert conn.execute(ALL).fetchall() == PAIRS


@claim
def executemany_takes_names_and_generators(conn):
    rows = ({"n": name} for name in ("four", "it's 5% :n ?"))
    conn.executemany("INSERT INTO items (name) VALUES (:n)", rows)
    found = conn.execute("SELECT name FROM items WHERE id > 3 ORDER BY id").fetchall()
    assert found == [("four",), ("it's 5% :n ?",)]


@claim
def lastrowid_is_of_the_last_insert(conn):
    cursor = conn.execute("INSERT INTO items (name) VALUES ('four')")
    assert cursor.lastrowid == 4
    cursor.execute("INSERT INTO items (name) VALUES ('five')")
    assert cursor.lastrowid == 5


@claim
def changes_wait_for_commit(conn):
    assert not conn.in_transaction
    conn.execute("DELETE FROM items")
    assert conn.in_transaction
    conn.rollback()
    assert not conn.in_transaction
    assert conn.execute(ALL).fetchall() == PAIRS
    conn.execute("DELETE FROM items WHERE id = 3")
    conn.commit()
    conn.rollback()
    assert conn.execute(ALL).fetchall() == PAIRS[:2]


@claim
def with_commits_and_stays_open(conn):
    with conn as same:
        assert same is conn
        conn.execute("DELETE FROM items WHERE id = 3")
    conn.rollback()
    assert conn.execute(ALL).fetchall() == PAIRS[:2]


@claim
def with_rolls_back_what_an_error_interrupts(conn):
    def delete_and_stumble():
        with conn:
            conn.execute("DELETE FROM items")
            raise KeyError

    with pytest.raises(KeyError):
        delete_and_stumble()
    assert conn.execute(ALL).fetchall() == PAIRS


@claim
def rows_can_be_sqlite3_rows(conn):
    conn.row_factory = sqlite3.Row
    first, again = conn.execute(ALL).fetchone(), conn.execute(ALL).fetchone()
    assert type(first) is sqlite3.Row
    assert (first[0], first[-1], first["name"], first["NAME"]) == (1, "one", "one", "one")
    assert (first.keys(), len(first), tuple(first)) == (["id", "name"], 2, PAIRS[0])
    assert first[0:1] == (1,)
    assert first == again
    assert hash(first) == hash(again)
    assert first != conn.execute("SELECT id, name FROM items WHERE id = 2").fetchone()
    assert first != conn.execute("SELECT id, name AS n FROM items WHERE id = 1").fetchone()
    with pytest.raises(IndexError):
        first["missing"]
    with pytest.raises(IndexError):
        first[2]
    assert dict(conn.execute("SELECT 1 AS Größe, 2 AS b").fetchone()) == {"Größe": 1, "b": 2}


@claim
def row_factory_gets_the_cursor_and_the_row(conn):
    def by_name(cursor, row):
        return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}

    cursor = conn.cursor()
    conn.row_factory = by_name
    assert cursor.execute(ALL).fetchone() == PAIRS[0]  # made before, it keeps tuples
    assert conn.execute(ALL).fetchmany(1) == [{"id": 1, "name": "one"}]
    cursor = conn.cursor()
    cursor.row_factory = None
    assert cursor.execute(ALL).fetchone() == PAIRS[0]


@claim
def named_placeholders_may_repeat_and_leave_some_out(conn):
    found = conn.execute("SELECT :a, :b, :a", {"a": 1, "b": "x", "unused": 3}).fetchone()
    assert found == (1, "x", 1)


@claim
def a_comment_or_nothing_runs_beside_a_statement(conn):
    assert conn.execute("/* ? :a */ SELECT 1 -- ?\n;").fetchall() == [(1,)]
