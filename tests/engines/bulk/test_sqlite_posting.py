"""Rows that are handed to SQLite by their places are as SQLAlchemy writes them."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from engines.bulk.sqlite_posting import post
from engines.sqlite import insert_or

METADATA = sa.MetaData()
TABLE = sa.Table(
    "things",
    METADATA,
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("flag", sa.Boolean),
    sa.Column("time", sa.DateTime),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("name", sa.Text),
)
ROWS = [
    {"name": "it's", "time": datetime(2026, 3, 2, 12), "key": 1, "raw": b"\0", "flag": True},
    {"name": None, "time": None, "key": 2, "raw": None, "flag": None},
]


@pytest.fixture
def connection():
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        yield connection
    engine.dispose()


def test_rows_in_any_order_of_columns_are_those_that_sqlalchemy_writes(connection: sa.Connection):
    post(connection, sa.insert(TABLE), ROWS)
    posted = connection.exec_driver_sql("SELECT * FROM things ORDER BY key").all()
    connection.execute(sa.delete(TABLE))
    connection.execute(sa.insert(TABLE), ROWS)
    assert posted == connection.exec_driver_sql("SELECT * FROM things ORDER BY key").all()
    assert posted[0] == (1, 1, "2026-03-02 12:00:00.000000", b"\0", "it's")


def test_upsert_assigns_from_the_new_row(connection: sa.Connection):
    post(connection, sa.insert(TABLE), ROWS)
    statement = insert_or(TABLE, ["key"], lambda new: [("name", new.name)])
    post(connection, statement, [{"key": 2, "name": "b"}])
    assert connection.execute(sa.select(TABLE.c.name, TABLE.c.time)).all() == [
        ("it's", datetime(2026, 3, 2, 12)),
        ("b", None),
    ]


def test_table_that_is_only_named_gets_times_alike_and_a_single_column(connection: sa.Connection):
    named = sa.table("things", sa.column("time"))
    post(connection, sa.insert(named), [{"time": datetime(2026, 3, 2, 12)}])
    assert connection.execute(sa.select(TABLE.c.time)).scalar_one() == datetime(2026, 3, 2, 12)
