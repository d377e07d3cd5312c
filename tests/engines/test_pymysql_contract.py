"""Our PyMySQL does what the plain one does: the same statements give the same results and errors.

Ours overrides private names of PyMySQL; a release that changes what they mean fails here.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from engines.bulk.pymysql_rows import Cursor
from engines.pymysql_posting import TimedConnection

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

Session = pymysql.Connection
Statement = tuple[str, Any]

TABLE = (
    "CREATE TABLE things (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20) UNIQUE,"
    " bytes LONGBLOB, at DATETIME(6), amount DECIMAL(10, 3), ratio DOUBLE, day DATE)"
)
INSERT = "INSERT INTO things (name, bytes, at, ratio) VALUES (%(name)s, %(bytes)s, %(at)s, %(r)s)"
NOON = datetime(2026, 11, 22, 12, 0, 0, 654321)
ODD_TEXTS = ["it's", "100%s", "ö\\", "%(name)s", "a\nb", "\x00", "😀", "", None]


def row(name: str | None, **values: Any) -> dict[str, Any]:
    """Return the values of INSERT."""
    return {"name": name, "bytes": b"\x00\xff'\\", "at": NOON, "r": 0.1, **values}


STORIES: dict[str, Sequence[Statement]] = {
    "values": [
        (INSERT, row("one")),
        ("SELECT * FROM things", None),
        ("SELECT %s, %s, %s, %s", (True, 2**62, None, timedelta(hours=3, microseconds=5))),
        ("SELECT %s, %s, %s", (Decimal("1.250"), date(2026, 1, 2), b"\x80")),
        ("SELECT %(a)s + 1 AS a, %(b)s AS `odd %% name`", {"a": 1, "b": "x"}),
        *(("SELECT %s", (text,)) for text in ODD_TEXTS),
    ],
    "many rows": [
        (INSERT, [row(f"name {number}") for number in range(500)]),
        ("SELECT COUNT(*), MIN(id), MAX(name) FROM things", None),
        ("UPDATE things SET ratio = 2 WHERE name LIKE %s", ("name 1%",)),
        (f"{INSERT} ON DUPLICATE KEY UPDATE ratio = 9", [row("name 1"), row("new")]),
        ("SELECT name, ratio FROM things ORDER BY id", None),
        ("DELETE FROM things WHERE ratio = %(r)s", [{"r": 2}, {"r": 9}]),
        ("SELECT name FROM things WHERE name IN %s ORDER BY 1", (["name 2", "name 3", "x"],)),
    ],
    "values of every length and times": [
        *(("SELECT REPEAT('x', %s), NULL, 1", (size,)) for size in (0, 1, 250, 251, 252, 65_535)),
        ("SELECT REPEAT('x', 65536), NULL, 'é'", None),
        ("SELECT CAST('2026-01-02 03:04:05.6' AS DATETIME(1)), CAST(20260102 AS DATETIME)", None),
        ("SELECT CAST('0000-00-00 00:00:00' AS DATETIME), TIMESTAMP('2026-01-02 03:04:05')", None),
    ],
    "columns that are described as before, and otherwise": [
        *(
            (f"SELECT {columns}", None)
            for columns in (
                *(
                    "1 AS a, 'x' AS b",
                    "'x' AS a, 1 AS b",
                    "1 AS a, NULL AS b",
                    "1.5 AS a, 'x' AS b",
                ),
                *("2 AS c, 'x' AS b", "'x' AS b, 2 AS c"),
            )
            * 3
        ),
        *((f"SELECT {', '.join(map(str, range(number)))}", None) for number in (252, 255, 300) * 2),
    ],
    "a packet that is cut": [
        (INSERT, row("big", bytes=b"\x01" * 300_000)),
        ("SELECT LENGTH(bytes), bytes FROM things", None),
        ("SELECT REPEAT('x', 200000)", None),
    ],
    "errors": [
        (INSERT, row("one")),
        (INSERT, row("one")),
        ("SELECT * FROM nowhere", None),
        ("SELEC 1", None),
        (INSERT, row("x" * 21)),
        ("SELECT %s", (1, 2)),
        ("SELECT name FROM things", None),
    ],
    "transactions": [
        ("BEGIN", None),
        (INSERT, row("kept")),
        ("COMMIT", None),
        ("BEGIN", None),
        (INSERT, row("undone")),
        ("ROLLBACK", None),
        ("SELECT name FROM things", None),
        ("SHOW WARNINGS", None),
    ],
}


@pytest.fixture
def sessions(engine_name: str, database_url: str) -> Iterator[Callable[[type[Any]], Session]]:
    """Open a session on an empty table with a class of connections: `sessions(class)`."""
    url, opened = sa.make_url(database_url), list[Session]()

    def open_session(connection: type[Any]) -> Session:
        ours = {"cursorclass": Cursor} if connection is TimedConnection else {}
        session: Session = connection(
            host=url.host,
            port=url.port,
            user=url.username,
            database=url.database,
            charset="utf8mb4",
            connect_timeout=3,
            read_timeout=10,
            write_timeout=10,
            init_command="SET sql_mode = 'STRICT_ALL_TABLES'",
            **ours,
        )
        opened.append(session)
        session.cursor().execute("DROP TABLE IF EXISTS things")
        session.cursor().execute(TABLE)
        return session

    yield open_session
    for session in opened:
        session.close()


def outcome(session: Session, statement: str, values: Any) -> Any:
    """Return all that one statement gives, or its error."""
    cursor = session.cursor()
    try:
        if isinstance(values, list):
            affected = cursor.executemany(statement, values)
        else:
            affected = cursor.execute(statement, values)
    except (pymysql.Error, TypeError) as error:
        return type(error), error.args
    names = [column[:2] for column in cursor.description or ()]
    return affected, cursor.rowcount, cursor.lastrowid, names, cursor.fetchall()


@pytest.mark.parametrize("story", STORIES)
def test_statements_give_what_the_plain_class_gives(
    story: str, sessions: Callable[[type[Any]], Session]
):
    told = []
    for connection in (pymysql.Connection, TimedConnection):
        session = sessions(connection)
        told.append([outcome(session, *statement) for statement in STORIES[story]])
        session.rollback()
    assert told[1] == told[0]


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_transaction_is_ended_as_the_plain_class_ends_it(
    ends: str, sessions: Callable[[type[Any]], Session]
):
    told = []
    for connection in (pymysql.Connection, TimedConnection):
        session = sessions(connection)
        for name in "ab":
            session.cursor().execute(INSERT, row(name))
            getattr(session, ends)()
            getattr(session, ends)()  # where there is nothing to end
        session.ping(reconnect=False)
        told.append(outcome(session, "SELECT name FROM things", None)[-1])
        session.rollback()
    assert told[1] == told[0] == ((("a",), ("b",)) if ends == "commit" else ())


def test_connection_that_was_closed_fails_as_the_plain_one_does(
    sessions: Callable[[type[Any]], Session],
):
    told = []
    for connection in (pymysql.Connection, TimedConnection):
        session, killer = sessions(connection), sessions(pymysql.Connection)
        session.rollback()
        killer.cursor().execute(f"KILL {session.thread_id()}")
        told.append((outcome(session, "SELECT 1", None)[0], session.open))
        killer.rollback()
    assert told[1] == told[0]
