"""Packets that are as they were before are taken from what has come, all or none."""

import io

import pytest
from pymysql.err import OperationalError

from engines.asking.mysql_packets import PacketConnection

PACKETS = b"\x02\0\0\x02ab" + b"\x01\0\0\x03c"
"""The second and the third of an answer."""
OTHERS = b"\x02\0\0\x02ab" + b"\x01\0\0\x03d"
LAST = b"\x01\0\0\x04e"


class Pieces(io.RawIOBase):
    """A server's bytes, as they come; an error is raised in its turn."""

    def __init__(self, *pieces: bytes | OSError) -> None:
        self.pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # of one kind only
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, OSError):
            raise piece
        buffer[: len(piece)] = piece
        return len(piece)


def connection_that_reads(*pieces: bytes | OSError) -> PacketConnection:
    """Return a connection that has read the first packet of an answer."""
    connection = PacketConnection(defer_connect=True)
    connection._rfile, connection._next_seq_id = io.BufferedReader(Pieces(*pieces)), 2
    return connection


def test_packets_as_before_are_read_at_once():
    connection = connection_that_reads(PACKETS + LAST)
    assert connection.read_known(PACKETS, 2)
    assert connection.read_payload() == b"e"


@pytest.mark.parametrize("size", [1, 5, len(PACKETS) - 1])
def test_packets_that_come_in_pieces_are_read_one_by_one(size: int):
    connection = connection_that_reads(PACKETS[:size], PACKETS[size:] + LAST)
    assert not connection.read_known(PACKETS, 2)
    assert [connection.read_payload() for _ in range(3)] == [b"ab", b"c", b"e"]


def test_other_packets_are_left_to_be_read():
    connection = connection_that_reads(OTHERS + LAST)
    assert not connection.read_known(PACKETS, 2)
    assert [connection.read_payload() for _ in range(3)] == [b"ab", b"d", b"e"]


def test_packets_of_another_place_in_an_answer_are_others():
    connection = connection_that_reads(PACKETS)
    connection._next_seq_id = 3
    assert not connection.read_known(PACKETS, 2)


def test_server_that_ends_the_connection_sends_none():
    connection = connection_that_reads(b"")
    assert not connection.read_known(PACKETS, 2)


def test_connection_that_is_reset_is_lost():
    connection = connection_that_reads(ConnectionResetError(104, "reset"))
    with pytest.raises(OperationalError, match="Lost connection"):
        connection.read_known(PACKETS, 2)
