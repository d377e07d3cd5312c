"""Answers of MySQL's protocol, read as a whole.

PyMySQL makes objects of each packet and of each column's description, and finds out anew how the
values of a column are read: a batch of deliveries has some seventy packets.
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from pymysql import converters
from pymysql.connections import MAX_PACKET_LEN, MySQLResult
from pymysql.constants import FIELD_TYPE, SERVER_STATUS
from pymysql.err import MySQLError
from pymysql.protocol import FieldDescriptorPacket, MysqlPacket

OK, ERROR, LOCAL_FILE, EOF, NULL = 0x00, 0xFF, 0xFB, 0xFE, 0xFB
EOF_BYTES = 9
"""An EOF is shorter; a row may begin with the same byte."""
LONG = {0xFC: 2, 0xFD: 3, 0xFE: 8}
"""Bytes of a length that is not told by its first one."""
TEXTS = {
    *(FIELD_TYPE.BIT, FIELD_TYPE.BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.MEDIUM_BLOB),
    *(FIELD_TYPE.STRING, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR),
    FIELD_TYPE.GEOMETRY,
}
BINARY = 63
"""The character set of what is no text."""
ENDS = Struct("<xHH")
"""An EOF's number of warnings, and the server's status."""

ReadValue = Callable[[bytes], Any] | None
"""Makes a value of a column's bytes; None leaves them as they are."""


MOST_KNOWN = 4
"""Answers of as many columns whose descriptions are looked for as they were before."""
LAST_OF_A_TURN = 255
"""Packets are counted up to this, and then from 0 again."""


class Columns(NamedTuple):
    """The columns of an answer: their descriptions, and how their values are read."""

    fields: list[Any]
    description: tuple[tuple[Any, ...], ...]
    readers: tuple[ReadValue, ...]


KNOWN: dict[tuple[int, str], tuple[tuple[bytes, Columns], ...]] = {}
"""Packets that described columns, by their number and by how texts are encoded."""


def read_answer(session: Any, result: Any) -> None:
    """Read the answer to a statement into a result. Raises MySQLError, of the server, too.

    `session` gives the payloads of packets.
    """
    first: bytes = session.read_payload()
    mark = first[0]
    if mark == OK:
        result._read_ok_packet(MysqlPacket(first, session.encoding))
    elif mark == ERROR:
        MysqlPacket(first, session.encoding).raise_for_error()
    elif mark == LOCAL_FILE:
        result.connection = session
        try:
            result._read_load_local_packet(MysqlPacket(first, session.encoding))
        finally:
            result.connection = None
    else:
        number, _ = read_length(first, 0)
        read_rows(session, result, number)


def read_rows(session: Any, result: Any, number: int) -> None:
    """Read the columns and rows of an answer."""
    read = session.read_payload
    columns = read_columns(session, number)
    read()  # an EOF
    rows = []
    while True:
        payload: bytes = read()
        if payload[0] == EOF and len(payload) < EOF_BYTES:
            break
        if payload[0] == ERROR:
            MysqlPacket(payload, session.encoding).raise_for_error()
        rows.append(read_row(payload, columns.readers))
    result.warning_count, status = ENDS.unpack_from(payload)
    result.has_next = status & SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS
    result.field_count = number
    result.fields, result.description = columns.fields, columns.description
    result.affected_rows, result.rows = len(rows), tuple(rows)


def read_columns(session: Any, number: int) -> Columns:
    """Read the packets that describe columns: mostly they are what they were before."""
    known = KNOWN.get((number, session.encoding), ())
    for packets, columns in known:
        if session.read_known(packets, number):
            return columns
    first = session._next_seq_id
    told = tuple([session.read_payload() for _ in range(number)])
    columns = describe(told, session.encoding)
    if first + number <= LAST_OF_A_TURN and max(map(len, told)) < MAX_PACKET_LEN:
        packets = b"".join(
            (len(data).to_bytes(3, "little") + bytes((first + place,)) + data)
            for place, data in enumerate(told)
        )
        KNOWN[number, session.encoding] = ((packets, columns), *known[: MOST_KNOWN - 1])
    return columns


def read_row(payload: bytes, readers: Sequence[ReadValue]) -> tuple[Any, ...]:
    """Return the values of a row."""
    values, at = list[Any](), 0
    for reader in readers:
        size = payload[at]
        at += 1
        if size >= NULL:
            if size == NULL:
                values.append(None)
                continue
            size, at = read_length(payload, at - 1)
        value = payload[at : at + size]
        at += size
        values.append(value if reader is None else reader(value))
    return tuple(values)


def read_length(payload: bytes, at: int) -> tuple[int, int]:
    """Return a length, and where what it is of begins."""
    first = payload[at]
    if first < NULL:
        return first, at + 1
    end = at + 1 + LONG[first]
    return int.from_bytes(payload[at + 1 : end], "little"), end


@lru_cache(maxsize=256)
def describe(told: tuple[bytes, ...], encoding: str) -> Columns:
    """Return what describes columns, which are the same each time a statement is run."""
    fields: list[Any] = [FieldDescriptorPacket(data, encoding) for data in told]
    readers = tuple(reader_of(field, encoding) for field in fields)
    return Columns(fields, tuple(field.description() for field in fields), readers)


def reader_of(field: Any, encoding: str) -> ReadValue:
    """Return what makes values of a column's bytes."""
    decoder: Any = converters.decoders.get(field.type_code)
    if decoder in (int, float):
        number: ReadValue = decoder
        return number
    if decoder is converters.convert_datetime:
        return read_time
    code = field.type_code
    if code == FIELD_TYPE.JSON or code not in TEXTS:
        coding: str | None = encoding if code == FIELD_TYPE.JSON else "ascii"
    else:
        coding = None if field.charsetnr == BINARY else encoding
    if decoder in (None, converters.through):
        return None if coding is None else lambda data: data.decode(coding)
    if coding is None:
        return lambda data: decoder(data)
    return lambda data: decoder(data.decode(coding))


def read_time(data: bytes) -> Any:
    """Return a time; a text where it is none, as PyMySQL does."""
    text = data.decode("ascii")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return converters.convert_datetime(text)


def read_posted(session: Any) -> MySQLError | None:
    """Read the answer to a statement that nobody waits for; return its error."""
    try:
        payload: bytes = session.read_payload()
        if payload[0] == OK:
            return None
        result = MySQLResult(session)
        if payload[0] == ERROR:
            MysqlPacket(payload, session.encoding).raise_for_error()
        read_rows(session, result, read_length(payload, 0)[0])
    except MySQLError as error:
        return error
    session.answers.append(result)
    return None
