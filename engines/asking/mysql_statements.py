"""Statements for MySQL and MariaDB that nobody waits for, and questions that are sent together."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import sqlalchemy
from pymysql.constants import COMMAND
from pymysql.err import MySQLError

from engines import deadline
from engines.asking.mysql_packets import packet_of
from engines.asking.mysql_prepared import post_prepared
from engines.kind import AskedQuery, RawAnswer

FEW_ROWS = 8
"""So many are not sent before the next statement is: one system call for both."""
HELD_BYTES = 64 * 1024
"""Are held back at most before another statement is."""


def post(
    connection: sqlalchemy.Connection,
    statement: sqlalchemy.Executable,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Run a statement for all rows without waiting for its answer (engines/kind.py)."""
    raw: Any = connection.connection.driver_connection
    raw.is_posting = True
    try:
        if not isinstance(statement, sqlalchemy.Insert):
            connection.execute(statement, rows)
            return
        # SQLAlchemy prepares each row anew, which takes longer than to write it.
        text = text_of(statement, connection.dialect, tuple(rows[0]))
        is_few = len(rows) <= FEW_ROWS and sum(map(len, raw.held)) < HELD_BYTES
        if is_few and connection.in_transaction():
            deadline.announce(connection, text, rows, is_many=True)
            if len(rows) == 1 and post_prepared(raw, text, rows[0]):
                return
            raw.is_holding = True  # so nothing is sent that could fail
            try:
                raw.cursor().executemany(text, rows)
            except MySQLError as error:  # the connection is closed already
                raise_again(connection, error, text, rows[0])
        else:
            connection.exec_driver_sql(text, rows)
    finally:
        raw.is_posting = raw.is_holding = False


def push(connection: sqlalchemy.Connection) -> None:
    """Send what is held back (engines/kind.py)."""
    raw: Any = connection.connection.driver_connection
    raw.push()


def ask(
    connection: sqlalchemy.Connection,
    asked: Sequence[AskedQuery],
    meanwhile: Callable[[], None] | None = None,
) -> list[RawAnswer]:
    """Return the answers to queries, which are sent at once (engines/kind.py).

    SQLAlchemy, which makes errors of ours its own, is not shown the rows: to describe them takes
    it longer than to read them.
    """
    raw: Any = connection.connection.driver_connection
    ahead, raw.ahead = raw.ahead, 0
    if not ahead:
        raw.answers.clear()
    *before, last = asked
    hold(connection, before)
    raw.meanwhile, raw.keeps_answer = meanwhile, True
    try:
        run(connection, *last)
    finally:
        raw.meanwhile, raw.keeps_answer = None, False
    answers = [RawAnswer(one.description, one.rows) for one in raw.answers]
    raw.ahead_answers = answers[:ahead]
    return answers[ahead:]


def ask_ahead(
    connection: sqlalchemy.Connection, asked: Sequence[AskedQuery]
) -> Callable[[], list[RawAnswer]]:
    """Send queries and go on; return what gives their answers later (engines/kind.py)."""
    raw: Any = connection.connection.driver_connection
    raw.answers.clear()
    hold(connection, asked)
    raw.ahead = len(asked)
    raw.push()
    return lambda: raw.ahead_answers


def hold(connection: sqlalchemy.Connection, asked: Sequence[AskedQuery]) -> None:
    """Hold queries back for the next statement that is sent."""
    raw: Any = connection.connection.driver_connection
    for text, values in asked:
        deadline.announce(connection, text, values, is_many=False)
        raw.hold(packet_of(COMMAND.COM_QUERY, spelled(raw, text, values)))


def run(connection: sqlalchemy.Connection, text: str, values: Any) -> None:
    """Run a statement of a transaction past SQLAlchemy, which takes half as long again."""
    if not connection.in_transaction():
        connection.exec_driver_sql(text, values)
        return
    raw: Any = connection.connection.driver_connection
    deadline.announce(connection, text, values, is_many=False)
    try:
        raw.query(spelled(raw, text, values))
    except MySQLError as error:
        raise_again(connection, error, text, values)


def raise_again(
    connection: sqlalchemy.Connection, error: MySQLError, text: str, values: Any
) -> NoReturn:
    """Raise an error a second time by a statement that SQLAlchemy runs: so it is its own."""
    raw: Any = connection.connection.driver_connection
    raw.failure = error
    try:
        connection.exec_driver_sql(text, values)
    finally:
        raw.failure = None
    raise error


def spelled(raw: Any, text: str, values: Any) -> bytes:
    """Return a statement with its values as it is sent, as a cursor of PyMySQL's would spell it."""
    escape = raw.escape
    if isinstance(values, dict):
        text %= {name: escape(value) for name, value in values.items()}
    elif values is not None:
        text %= tuple(map(escape, values))
    return text.encode(raw.encoding)


@lru_cache(maxsize=256)
def text_of(
    statement: sqlalchemy.Insert, dialect: sqlalchemy.Dialect, columns: tuple[str, ...]
) -> str:
    """Return an INSERT as PyMySQL takes it."""
    return str(statement.compile(dialect=dialect, column_keys=columns))
