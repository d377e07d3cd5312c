"""Inserts of one row, which a server parses once: an upsert's text takes as long as its work.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_execute.html
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pymysql.constants import COMMAND, FIELD_TYPE
from pymysql.err import MySQLError

from engines.asking.mysql_packets import packet_of
from engines.bulk.pymysql_rows import cut, places

MOST_KEPT = 64
"""Statements of a connection."""
MOST_BYTES = 64 * 1024
"""Of a row; a longer one is written as text."""
EXECUTE = struct.Struct("<IBI")
LONG, DOUBLE, TIME = struct.Struct("<q"), struct.Struct("<d"), struct.Struct("<BHBBBBBI")
FORGOTTEN = (1210, 1243, 1615)
"""A server's errors of a statement that it prepared: a proxy led to another server, or it makes
its tables' descriptions anew all the time.
https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html"""
PREPARED = struct.Struct("<xIHH")
"""The number of a statement, its columns, its places for values."""


class Prepared(NamedTuple):
    """A statement that a server has parsed: its number, and what takes its values out of a row."""

    number: int
    take: Callable[[Mapping[str, Any]], Sequence[Any]]


def post_prepared(session: Any, text: str, row: Mapping[str, Any]) -> bool:
    """Hold back an INSERT of one row where a connection has prepared it; else tell False.

    It will be prepared, after the next commit, if it comes again.
    """
    statement = session.prepared.get(text)
    if statement is None:
        if text not in session.prepared and len(session.prepared) < MOST_KEPT:
            (session.wanted if text in session.seen else session.seen).add(text)
        return False
    written = pack(statement.take(row))
    if written is None or len(written) > MOST_BYTES:
        return False
    body = EXECUTE.pack(statement.number, 0, 1) + written
    session.hold(packet_of(COMMAND.COM_STMT_EXECUTE, body))
    return True


def prepare_wanted(session: Any) -> None:
    """Prepare, between two transactions, what came twice. A connection that is lost is closed."""
    while session.wanted and session.open:
        text = session.wanted.pop()
        session.prepared[text] = None
        try:
            session.prepared[text] = prepare(session, text)
        except MySQLError:  # too many, or not allowed: it goes on as text
            continue


def forget_prepared(session: Any, error: MySQLError | None) -> None:
    """Write as text from now on where a server does not know what it has prepared."""
    if error is not None and error.args[0] in FORGOTTEN:
        session.prepared = dict.fromkeys(session.prepared)


def prepare(session: Any, text: str) -> Prepared | None:
    """Let a server parse an INSERT; None where more than values stands in its places."""
    parts = cut(text)
    take = places(parts[1]) if parts else None
    if parts is None or take is None:
        return None
    before, values, behind = parts
    marks = ",".join("?" * values.count("%("))
    session._execute_command(COMMAND.COM_STMT_PREPARE, f"{before}({marks}){behind}")
    packet = session._read_packet()
    number, columns, wanted = PREPARED.unpack_from(packet.get_all_data())
    for described in (wanted, columns):
        for _ in range(described + bool(described)):  # and an EOF
            session._read_packet()
    return Prepared(number, take)


def pack(values: Sequence[Any]) -> bytes | None:
    """Return values as a statement takes them; None where one of them needs PyMySQL's care."""
    nulls, types, written = 0, list[bytes](), list[bytes]()
    try:
        for place, value in enumerate(values):
            if value is None:
                nulls |= 1 << place
                types.append(NULL)
            else:
                kind, write = PACKERS[type(value)]
                types.append(kind)
                written.append(write(value))
    except (KeyError, struct.error, UnicodeEncodeError):
        return None
    bits = nulls.to_bytes((len(values) + 7) // 8, "little")
    return b"".join((bits, b"\1", *types, *written))


def with_length(data: bytes) -> bytes:
    """Return bytes behind their number."""
    size = len(data)
    if size < 0xFB:
        return bytes((size,)) + data
    if size < 1 << 16:
        return b"\xfc" + size.to_bytes(2, "little") + data
    return b"\xfd" + size.to_bytes(3, "little") + data


def pack_time(time: datetime) -> bytes:
    """Return a time."""
    day = time.year, time.month, time.day
    return TIME.pack(11, *day, time.hour, time.minute, time.second, time.microsecond)


def type_of(code: int) -> bytes:
    """Return how a statement names a type."""
    return bytes((code, 0))


NULL = type_of(FIELD_TYPE.NULL)
PACKERS: dict[type, tuple[bytes, Callable[[Any], bytes]]] = {
    int: (type_of(FIELD_TYPE.LONGLONG), LONG.pack),
    bool: (type_of(FIELD_TYPE.TINY), lambda value: b"\1" if value else b"\0"),
    float: (type_of(FIELD_TYPE.DOUBLE), DOUBLE.pack),
    str: (type_of(FIELD_TYPE.VAR_STRING), lambda value: with_length(value.encode())),
    bytes: (type_of(FIELD_TYPE.BLOB), with_length),
    datetime: (type_of(FIELD_TYPE.DATETIME), pack_time),
}
