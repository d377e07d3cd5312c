"""PyMySQL with fewer waits: for answers that nobody needs yet, and for work done before.

All of PyMySQL's private names that we use stand in this file; a test runs the same statements
through the plain class (tests/engines/test_pymysql_contract.py).
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import pymysql
import sqlalchemy
from pymysql.connections import MySQLResult
from pymysql.cursors import RE_INSERT_VALUES
from pymysql.cursors import Cursor as PyMySQLCursor
from pymysql.err import MySQLError
from pymysql.protocol import FieldDescriptorPacket, MysqlPacket

from engines import deadline

PLACE = re.compile(r"%\((\w+)\)s")

QUICK: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: lambda value: "1" if value else "0",
    type(None): lambda _: "NULL",
    datetime: lambda value: f"'{value.isoformat(' ')}'",
}
"""How half of all values are written; PyMySQL finds out anew for each."""


class Connection(pymysql.Connection):
    """Sends a posted statement without waiting; its answer is read before the next one's.

    A server works on what it gets in turn, so that posting takes no round trip: with a database
    2 ms away that is half of the time of a transaction. COMMIT is sent only when all answers are
    there and good: otherwise it would commit what is left of a transaction.

    No ROLLBACK is sent where nothing was asked since the last transaction ended: SQLAlchemy's pool
    rolls every connection back that it takes back, after a COMMIT, too.
    """

    is_done = False
    is_posting = False
    owed = 0

    def escape(self, obj: Any, mapping: Any = None) -> str:
        """Return a value as it stands in a statement."""
        if type(obj) is str:
            return f"'{self._escape_string(obj)}'"  # type: ignore[attr-defined] # not in stubs
        quick = QUICK.get(type(obj))
        return quick(obj) if quick else super().escape(obj, mapping)

    def query(self, sql: Any, unbuffered: Any = False) -> int:
        """Run a statement."""
        self.is_done = False
        return super().query(sql, unbuffered)

    def _read_packet(self, packet_type: type[MysqlPacket] = MysqlPacket) -> MysqlPacket:
        """Read a packet; the descriptions of columns are always the same, and parsed once."""
        packet: MysqlPacket = super()._read_packet()  # type: ignore[no-untyped-call]
        if packet_type is not FieldDescriptorPacket:
            return packet
        data = packet.get_all_data()  # type: ignore[no-untyped-call]
        return described(data, self.encoding)

    def _read_query_result(self, unbuffered: bool = False) -> int:
        if self.is_posting:
            self.owed += 1
            self._result = MySQLResult(self)
            self._result.affected_rows = 0
            return 0
        error = self.settle()
        if error is None:
            return int(super()._read_query_result(unbuffered))  # type: ignore[misc] # not in stubs
        if self.open:
            with contextlib.suppress(MySQLError):  # it came after the first, which is raised
                super()._read_query_result(unbuffered)  # type: ignore[misc] # not in stubs
        raise error

    def settle(self) -> MySQLError | None:
        """Read the answers to what was posted; return the first error among them."""
        first: MySQLError | None = None
        while self.owed:
            self.owed -= 1
            self._next_seq_id = 1  # each statement's answer counts its packets anew
            try:
                super()._read_query_result()  # type: ignore[misc] # not in stubs
            except MySQLError as error:
                first = first or error
            if not self.open:
                self.owed = 0
        self._next_seq_id = 1
        return first

    def commit(self) -> None:
        """End the transaction."""
        error = self.settle()
        if error is not None:
            raise error
        super().commit()
        self.is_done = True

    def rollback(self) -> None:
        """End the transaction, if there is one, with all that was posted."""
        if not self.is_done:
            self.settle()
            super().rollback()
            self.is_done = True


def shrinking(name: str, rounded: Callable[[float], float]) -> Any:
    """Return a property: the seconds set, which are kept by this name, or what is left of them."""
    return property(
        lambda self: rounded(deadline.at_most(getattr(self, name))),
        lambda self, seconds: setattr(self, name, seconds),
    )


class TimedConnection(Connection):
    """A connection whose timeouts shrink as the deadline comes nearer.

    PyMySQL asks for these three before each connect, read and write, in the handshake too, and
    tells the socket what has changed: in steps, for that is a system call, and a turn of others.
    """

    connect_timeout = shrinking("connect_seconds", float)
    _read_timeout = shrinking("read_seconds", deadline.in_steps)
    _write_timeout = shrinking("write_seconds", deadline.in_steps)


def open_connection(_: Any, __: Any, arguments: Any, parameters: Any) -> TimedConnection:
    """Connect for SQLAlchemy's `do_connect`."""
    return TimedConnection(*arguments, **parameters)


@lru_cache(maxsize=1024)
def described(data: bytes, encoding: str) -> FieldDescriptorPacket:
    """Return the description of a column, which nobody changes."""
    return FieldDescriptorPacket(data, encoding)


def post(
    connection: sqlalchemy.Connection,
    statement: sqlalchemy.Executable,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Run a statement for all rows without waiting for its answer (engines/kind.py)."""
    raw: Any = connection.connection.driver_connection
    raw.is_posting = True
    try:
        if isinstance(statement, sqlalchemy.Insert):
            # SQLAlchemy prepares each row anew, which takes longer than to write it.
            text = text_of(statement, connection.dialect, tuple(rows[0]))
            connection.exec_driver_sql(text, rows)
        else:
            connection.execute(statement, rows)
    finally:
        raw.is_posting = False


@lru_cache(maxsize=256)
def text_of(
    statement: sqlalchemy.Insert, dialect: sqlalchemy.Dialect, columns: tuple[str, ...]
) -> str:
    """Return an INSERT as PyMySQL takes it."""
    return str(statement.compile(dialect=dialect, column_keys=columns))


class Cursor(PyMySQLCursor):
    """Looks once only where the values of a statement stand, and in which order.

    For every `executemany` PyMySQL matches the whole statement with a regular expression: 60 to
    260 µs for our upserts, which are long, and always the same. For each row it makes a dictionary
    of what is written, for Python to look for the names in the text once more.
    """

    def _mogrify(self, query: Any, args: Any = None) -> Any:
        """Return a statement, or the values of a row, with what it holds."""
        take = places(query) if type(args) is dict and query[:1] == "(" else None
        if take is None:
            return super()._mogrify(query, args)  # type: ignore[misc] # not in the stubs
        escape, quick = self.connection.escape, QUICK
        written = [
            quick[type(value)](value) if type(value) in quick else escape(value)
            for value in take(args)
        ]
        return f"({','.join(written)})"

    def executemany(self, query: str, args: Iterable[object]) -> int | None:
        """Run a statement for all rows; return how many were affected."""
        rows, parts = list(args), cut(query)
        if parts is None or not rows:
            return super().executemany(query, rows)
        sent: int = self._do_execute_many(  # type: ignore[attr-defined] # not in the stubs
            *parts, rows, self.max_stmt_length, self.connection.encoding
        )
        return sent


@lru_cache(maxsize=256)
def places(values: str) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return what takes the values out of a row in their order; None where more is written."""
    names = PLACE.findall(values)
    is_plain = values.replace(" ", "") == f"({','.join(f'%({name})s' for name in names)})"
    return itemgetter(*names) if is_plain and len(names) > 1 else None


@lru_cache(maxsize=256)
def cut(query: str) -> tuple[str, str, str] | None:
    """Return what stands before, in and behind the values of an INSERT; None for all else."""
    match = RE_INSERT_VALUES.match(query)
    if match is None:
        return None
    before, values, behind = match.groups()
    return before % (), values.rstrip(), (behind or "") % ()
