"""Placeholders count outside strings, quoted identifiers and comments only."""

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy
import pandas
import polars
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import counts
from tests.sqlauthenticator.conftest import MOMENT
from tests.sqlauthenticator.statements import statements


@pytest.mark.parametrize("style", ["?", ":name", "%s", "%(name)s", "none"])
@settings(
    max_examples=counts.count(40, 500),
    # The connection is the same for all examples, which is the point.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_random_statement_gives_its_known_row(
    reader: Any, engine_name: str, style: str, data: st.DataObject
):
    statement = data.draw(statements(engine_name.replace("mariadb", "mysql"), style))
    cursor = reader.execute(statement.sql, statement.parameters)
    assert cursor.fetchall() == [statement.row]
    names = {number: cursor.description[number][0] for number in statement.names}
    assert names == statement.names


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT name FROM items WHERE id = ? AND name <> '?'", (2,)),
        ("SELECT name FROM items WHERE id = :n AND name <> ':n'", {"n": 2}),
        ("SELECT name FROM items WHERE id = %s AND name <> '%s'", (2,)),
        ("SELECT name FROM items WHERE id = %(n)s AND name <> '%(n)s'", {"n": 2}),
        ("SELECT name FROM items WHERE name LIKE 't%' AND id % 3 = %s", [2]),
        ("SELECT name FROM items i, (SELECT 2 AS sizes) AS s WHERE id%sizes = 0 AND id = ?", (2,)),
        ("SELECT name FROM items WHERE id%2=0", None),
        ("SELECT name FROM items WHERE id IN (?,?) ORDER BY id", (2, 99)),
    ],
)
def test_every_style_finds_the_second_item(reader: Any, sql: str, parameters: Any):
    assert reader.execute(sql, parameters).fetchall() == [("two",)]


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_two_dashes_without_a_blank_are_minus_on_a_server(reader: Any):
    assert reader.execute("SELECT 5--?", (2,)).fetchone() == (7,)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_backslash_hides_a_quote_whatever_the_server_is_told(writer: Any, open_connection: Any):
    # A connection in NO_BACKSLASH_ESCAPES mode would end the string earlier than the lexer does.
    (before,) = writer.execute("SELECT @@GLOBAL.sql_mode").fetchone()
    writer.execute("SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'")
    try:
        found = open_connection().execute(r"SELECT '\'?', ?", ("'\\",)).fetchone()
    finally:
        writer.execute("SET GLOBAL sql_mode = %s", (before,))
    assert found == ("'?", "'\\")


@pytest.mark.parametrize("parameters", [(1,), {"n": 1}])
def test_placeholder_in_a_string_only_takes_no_value(reader: Any, parameters: Any):
    if isinstance(parameters, dict):
        assert reader.execute("SELECT ':n %(n)s'", parameters).fetchone() == (":n %(n)s",)
        return
    with pytest.raises(sqlite3.ProgrammingError, match="uses 0, and there are 1 supplied"):
        reader.execute("SELECT '? %s'", parameters)


def test_moments_are_compared_as_they_are_stored(writer: Any, engine_name: str):
    stored = datetime(2026, 5, 4, 3, 2, 1)
    writer.execute(f"CREATE TABLE moments (at {MOMENT[engine_name]})")
    writer.execute("INSERT INTO moments VALUES ('2026-05-04 03:02:01.000000')")
    in_tokyo = datetime(2026, 5, 4, 12, 2, 1, tzinfo=timezone(timedelta(hours=9)))
    others = (pandas.Timestamp(stored), numpy.datetime64(stored))
    for same in (stored, stored.replace(tzinfo=UTC), in_tokyo, *others):
        sql = "SELECT at = :at, at <= :at, at >= :at, at < :at FROM moments"
        assert writer.execute(sql, {"at": same}).fetchone() == (1, 1, 1, 0), same
    assert writer.execute("SELECT at FROM moments").fetchone() == (stored,)
    sql = "SELECT COUNT(*) FROM moments WHERE at > ? AND at < ?"
    assert writer.execute(sql, (date(2026, 5, 4), "2026-05-05")).fetchone() == (1,)


def test_numbers_of_numpy_and_truth_values_are_numbers(reader: Any):
    values = (numpy.int64(2**40), numpy.float32(0.5), True, bytearray(b"a"), memoryview(b"b"))
    found = reader.execute("SELECT ?, ?, ?, ?, ?", values).fetchone()
    assert found == (2**40, 0.5, 1, b"a", b"b")
    assert reader.execute("SELECT ?", (numpy.bool_(True),)).fetchone() == (1,)


def test_what_is_missing_in_a_column_is_null(reader: Any):
    for missing in (pandas.NaT, pandas.NA, numpy.nan, numpy.datetime64("NaT")):
        sql = "SELECT COUNT(*) FROM items WHERE name < ? OR id < ?"  # 'NaT' is above all years
        assert reader.execute(sql, (missing, missing)).fetchone() == (0,), missing
        assert reader.execute("SELECT COALESCE(?, 'none')", (missing,)).fetchone() == ("none",)


@pytest.mark.parametrize(
    "column",
    [pandas.Series([1, 3]), pandas.Index([1, 3]), numpy.array([1, 3]), polars.Series([1, 3])],
)
def test_column_is_as_many_values(reader: Any, column: Any):
    sql = "SELECT id FROM items WHERE id IN ? ORDER BY id"
    assert reader.execute(sql, (column,)).fetchall() == [(1,), (3,)]
    with pytest.raises(sqlite3.ProgrammingError, match="empty: IN needs at least one"):
        reader.execute(sql, (column[:0],))


def test_hostile_text_stays_a_value(reader: Any):
    for text in ("'; DROP TABLE items; --", "\\'; DROP TABLE items; -- ", '"`]%s%(a)s?:a'):
        for mark, parameters in (("?", [text]), ("%s", [text]), (":a", {"a": text})):
            assert reader.execute(f"SELECT {mark}", parameters).fetchone() == (text,)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT id FROM items WHERE id IN ? AND name <> ? ORDER BY id", ((1, 3), "x")),
        ("SELECT id FROM items WHERE id IN (?) AND name <> ? ORDER BY id", ([3, 1], "x")),
        ("SELECT id FROM items WHERE id IN %s AND name <> %s ORDER BY id", ((1, 3), "x")),
        ("SELECT id FROM items WHERE id IN :ids AND id IN (:ids) ORDER BY id", {"ids": {1, 3}}),
        ("SELECT id FROM items WHERE id IN %(ids)s AND 7 % 4 = 3 ORDER BY id", {"ids": [1, 3]}),
    ],
)
def test_list_is_as_many_values(reader: Any, statement: str, parameters: Any):
    assert reader.execute(statement, parameters).fetchall() == [(1,), (3,)]


def test_empty_list_is_an_error_that_says_so(reader: Any):
    with pytest.raises(sqlite3.ProgrammingError, match="empty: IN needs at least one"):
        reader.execute("SELECT id FROM items WHERE id IN ?", ((),))
