"""A row that comes alone is stored by a statement that the server has parsed, as by its text."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pymysql
import pytest
from pymysql.constants import COMMAND
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, Text, insert, select
from sqlalchemy.dialects.mysql import BOOLEAN, DATETIME, DOUBLE, LONGBLOB, VARCHAR
from sqlalchemy.exc import IntegrityError

from engines import kind_of
from engines.asking import mysql_prepared
from engines.asking.mysql_prepared import pack
from engines.transaction import transact

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

THINGS = Table(
    "things",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", VARCHAR(300, charset="utf8mb4")),
    Column("number", BigInteger),
    Column("flag", BOOLEAN),
    Column("ratio", DOUBLE(asdecimal=False)),
    Column("time", DATETIME(fsp=6)),
    Column("bytes", LONGBLOB),
    Column("text", Text(1 << 24)),
)
NOON = datetime(2026, 11, 29, 12, 0, 0, 654321)
LENGTHS = (0, 1, 250, 251, 252, 65_000, 65_535, 65_536, 300_000)
ROWS: list[dict[str, Any]] = [
    {
        "name": "it's",
        "number": 1,
        "flag": True,
        "ratio": 0.1,
        "time": NOON,
        "bytes": b"\x00\xff'\\",
    },
    {"name": "ö 😀 \\ \0 %s ?", "number": -(2**63), "flag": False, "ratio": -1e300},
    {"name": "", "number": 2**63 - 1, "time": datetime(1000, 1, 1), "bytes": b""},
    {"number": None, "time": datetime(9999, 12, 31, 23, 59, 59, 999999)},
    *({"bytes": b"\xfb" * size, "text": "é" * (size // 2)} for size in LENGTHS),
]
NAMES = tuple(column.name for column in THINGS.columns if column.name != "id")


@pytest.fixture
def things(engine: Engine) -> Iterator[Engine]:
    """Give an engine with an empty table."""
    THINGS.create(engine)
    yield engine
    THINGS.drop(engine)


def post(engine: Engine, number: int, row: dict[str, Any]) -> None:
    """Post one row in a transaction, its value where it is stored already."""
    kind = kind_of(engine.url)
    assign = lambda new: [(name, new[name]) for name in NAMES]  # noqa: E731
    whole = {"id": number, **dict.fromkeys(NAMES), **row}
    insert_or = kind.insert_or(THINGS, ["id"], assign)
    transact(engine, lambda connection: kind.post(connection, insert_or, [whole]))


def prepared(engine: Engine) -> int:
    """Return how many statements the connection has prepared."""
    raw: Any = engine.raw_connection()
    number = sum(one is not None for one in raw.driver_connection.prepared.values())
    raw.close()
    return number


def stored(engine: Engine) -> list[Any]:
    """Return the rows of the table."""
    with engine.connect() as connection:
        return list(connection.execute(select(THINGS).order_by(THINGS.c.id)))


def make_prepared(engine: Engine) -> None:
    """Let the statement be prepared: it comes twice."""
    post(engine, 1, ROWS[0])
    assert prepared(engine) == 0
    post(engine, 1, ROWS[0])
    assert prepared(engine) == 1


def test_rows_are_stored_as_they_are(things: Engine):
    make_prepared(things)
    for number, row in enumerate(ROWS):
        post(things, number, row)
        post(things, number, row)  # and once more in its place
    wanted = [(number, *(row.get(name) for name in NAMES)) for number, row in enumerate(ROWS)]
    assert stored(things) == wanted


def test_statement_of_many_rows_goes_as_text(things: Engine):
    kind = kind_of(things.url)
    for first in range(0, 20, 2):
        with things.begin() as connection:
            rows = [{"id": number, "name": "x"} for number in (first, first + 1)]
            kind.post(connection, insert(THINGS), rows)
    assert (len(stored(things)), prepared(things)) == (20, 0)


def test_error_of_a_prepared_statement_stops_the_commit(things: Engine):
    def work(*numbers: int) -> None:
        with things.begin() as connection:
            for number in numbers:
                kind_of(connection).post(connection, insert(THINGS), [{"id": number, "name": "x"}])

    for number in (2, 3):
        work(number)
    assert prepared(things) == 1
    with pytest.raises(IntegrityError):
        work(4, 3)
    work(5)
    assert [row.id for row in stored(things)] == [2, 3, 5]


def test_table_may_change_meanwhile(things: Engine):
    make_prepared(things)
    with things.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE things ADD COLUMN more BIGINT, MODIFY name TEXT")
    post(things, 2, {**ROWS[0], "name": "x" * 400})
    assert [row.id for row in stored(things)] == [1, 2]


def test_statement_that_the_server_has_forgotten_goes_as_text(things: Engine):
    make_prepared(things)
    raw: Any = things.raw_connection()
    session = raw.driver_connection
    (statement,) = session.prepared.values()
    # As behind a proxy that leads to another server.
    session._execute_command(COMMAND.COM_STMT_CLOSE, statement.number.to_bytes(4, "little"))
    raw.close()
    for number in (2, 3, 4):
        post(things, number, ROWS[0])
    assert [row.id for row in stored(things)] == [1, 2, 3, 4]
    assert prepared(things) == 0


def refuse(_: Any, __: str) -> None:
    """Refuse a statement, as a server that holds too many."""
    raise pymysql.err.OperationalError(1461, "Can't create more than max_prepared_stmt_count")


def lose(session: Any, _: str) -> None:
    """Lose the connection."""
    session._force_close()
    raise pymysql.err.OperationalError(2013, "Lost connection")


@pytest.mark.parametrize("prepare", [refuse, lose])
def test_what_cannot_be_prepared_goes_as_text(
    things: Engine, monkeypatch: pytest.MonkeyPatch, prepare: Callable[..., Any]
):
    monkeypatch.setattr(mysql_prepared, "prepare", prepare)
    for number in range(5):
        post(things, number, ROWS[0])
    assert len(stored(things)) == 5
    assert prepared(things) == 0


def test_connection_keeps_so_many_statements(things: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mysql_prepared, "MOST_KEPT", 2)
    for name in NAMES[:5]:
        for number in range(3):
            with things.begin() as connection:
                row = {"id": 10 * NAMES.index(name) + number, name: None}
                kind_of(connection).post(connection, insert(THINGS), [row])
    assert (prepared(things), len(stored(things))) == (2, 15)


@pytest.mark.parametrize("value", [2**63, "\udc80", 1j])
def test_value_that_needs_care_is_not_packed(engine_name: str, value: object):
    assert pack((1, value)) is None
    assert pack((1, "x")) is not None
