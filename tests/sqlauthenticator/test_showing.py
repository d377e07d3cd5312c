"""What is there, asked in a server's words on every engine, and figures that SQLite lacks."""

import sqlite3
from statistics import median
from typing import Any

import pytest
from sqlalchemy import text

from schema.tables import views
from schema.tables.ci import metadata
from sqlauthenticator import INTERNAL, engine, with_suggestion
from tests.sqlauthenticator.conftest import Open

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize("statement", ["SHOW TABLES", "show tables;"])
def test_tables_are_shown(open_connection: Open, statement: str):
    assert ("items",) in open_connection().execute(statement).fetchall()


def test_internal_tables_are_told_from_others(open_connection: Open):
    writer = open_connection(write=True)
    writer.execute("CREATE TABLE leases (id INTEGER)")
    writer.execute("CREATE VIEW daily AS SELECT name FROM items")
    writer.commit()
    assert open_connection().execute("SHOW TABLES").fetchall() == [("daily",), ("items",)]
    assert open_connection().execute("SHOW FULL TABLES").fetchall() == [
        ("daily", "VIEW"),
        ("items", "BASE TABLE"),
        ("leases", "INTERNAL"),
    ]


def test_each_internal_name_is_one_of_the_schema():
    assert set(INTERNAL) <= {"alembic_version", *metadata.tables, *views.NAMES}


@pytest.mark.parametrize(
    "statement", ["DESCRIBE items", "DESC `items`;", "show columns from ITEMS"]
)
@on_sqlite
def test_columns_are_described(open_connection: Open, statement: str):
    cursor = open_connection().execute(statement)
    titles = [column[0] for column in cursor.description]
    assert titles == ["Field", "Type", "Null", "Key", "Default", "Extra"]
    assert [row[:4] for row in cursor] == [
        ("id", "integer", "NO", "PRI"),
        ("name", "varchar(50)", "NO", ""),
        ("size", "double precision", "YES", ""),
        ("body", "blob", "YES", ""),
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("item", "did you mean items?"),
        ("itmes", "did you mean items?"),
        ("wholly_different", "SHOW TABLES lists those there are"),
    ],
)
@pytest.mark.parametrize("statement", ["SELECT * FROM {}", "DESCRIBE {}"])
def test_unknown_table_is_helped(open_connection: Open, statement: str, table: str, said: str):
    connection = open_connection()
    with pytest.raises(
        sqlite3.OperationalError, match=f"{table}[^:]*: {said.replace('?', '[?]')}$"
    ):
        connection.execute(statement.format(table))
    assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


@pytest.mark.parametrize(
    ("table", "meant"),
    [("runs", "workflowruns"), ("workflow_runs", "workflowruns"), ("job", "jobs")],
)
def test_table_that_is_meant_is_none_of_the_internal_ones(table: str, meant: str):
    tables = [*metadata.tables, *views.NAMES]
    assert with_suggestion(f"no such table: {table}", tables).endswith(f"did you mean {meant}?")


@on_sqlite
@pytest.mark.parametrize("values", [[], [None], [3], [1, 2], [5, 1, 4, None, 2, 3]])
def test_median_is_that_of_the_values(open_connection: Open, values: list[Any]):
    rows = ", ".join(f"({'NULL' if one is None else one})" for one in values) or "(NULL)"
    known = [one for one in values if one is not None]
    found = open_connection().execute(f"WITH v(x) AS (VALUES {rows}) SELECT median(x) FROM v")  # noqa: S608
    assert found.fetchone() == (median(known) if known else None,)


@on_sqlite
@pytest.mark.parametrize(("percent", "value"), [(0, 1), (25, 1.75), (50, 2.5), (90, 3.7), (100, 4)])
def test_percentile_lies_between_two_values(open_connection: Open, percent: int, value: float):
    query = "WITH v(x) AS (VALUES (4), (1), (3), (2)) SELECT percentile(x, ?) FROM v"
    (found,) = open_connection().execute(query, (percent,)).fetchone()
    assert found == pytest.approx(value)


@on_sqlite
def test_percentile_out_of_range_is_an_error(open_connection: Open):
    with pytest.raises(sqlite3.OperationalError):
        open_connection().execute("SELECT percentile(size, 101) FROM items").fetchall()


@on_sqlite
def test_engine_knows_the_median_too(url: str):
    made = engine(url=url)
    with made.connect() as connection:
        assert connection.execute(text("SELECT median(size) FROM items")).scalar() == 2.25
    made.dispose()
