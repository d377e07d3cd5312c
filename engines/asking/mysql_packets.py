"""Packets of MySQL's protocol: sent and read with fewer system calls than PyMySQL takes."""

import socket
import struct
from typing import Any, NoReturn

import pymysql
from pymysql.connections import MAX_PACKET_LEN
from pymysql.constants import CR
from pymysql.err import InterfaceError, InternalError, OperationalError
from pymysql.protocol import MysqlPacket

LOST = "Lost connection to MySQL server during query"


def packet_of(command: int, body: bytes) -> bytes:
    """Return the packet of a statement, which is shorter than MAX_PACKET_LEN."""
    return b"".join(((len(body) + 1).to_bytes(3, "little"), bytes((0, command)), body))


class PacketConnection(pymysql.Connection):
    """Lets the kernel watch the time of each wait, and makes no object of a packet."""

    waits_in_kernel = False
    encoding: str
    _sock: Any
    _rfile: Any
    _read_timeout: Any
    _current_timeout: Any
    _next_seq_id: int
    _result: Any

    def connect(self, sock: Any = None) -> None:
        """Connect, and let the kernel watch the time of each wait.

        Python asks before each `send` and `recv` whether it would wait: a system call, and a turn
        of other threads, of which a transaction had twenty. TLS reads as often as it likes.
        """
        self.waits_in_kernel = False
        super().connect(sock)
        if type(self._sock) is socket.socket:
            self._sock.settimeout(None)
            self.waits_in_kernel, self._current_timeout = True, None
            self.watch_time()

    def watch_time(self) -> None:
        """Let the next waits end in time."""
        seconds = self._read_timeout
        if seconds == self._current_timeout:
            return
        if self.waits_in_kernel:
            whole = int(seconds or 0)
            limit = struct.pack("@ll", whole, int(((seconds or 0) - whole) * 1_000_000))
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                self._sock.setsockopt(socket.SOL_SOCKET, option, limit)
        else:
            self._sock.settimeout(seconds)
        self._current_timeout = seconds

    def send(self, data: bytes) -> None:
        """Send bytes. Raises OperationalError, InterfaceError."""
        if not self.open:
            raise InterfaceError(0, "")  # as PyMySQL says it
        self.watch_time()
        try:
            self._sock.sendall(data)
        except OSError as error:
            self._force_close()  # type: ignore[attr-defined] # not in stubs
            gone = f"MySQL server has gone away ({error!r})"
            raise OperationalError(CR.CR_SERVER_GONE_ERROR, gone) from None

    def read_payload(self) -> bytes:
        """Return what the next packet holds. Raises OperationalError, InternalError."""
        try:
            header = self._rfile.read(4)
            size, number = header[0] | header[1] << 8 | header[2] << 16, header[3]
            data: bytes = self._rfile.read(size)
            is_whole = len(data) == size
        except OSError as error:
            self.lose(f"{LOST} ({error})")
        except TypeError:  # None: the kernel's time is over
            self.lose(f"{LOST} (timed out)")
        except IndexError:
            self.lose(LOST)
        except BaseException:
            self._force_close()  # type: ignore[attr-defined] # not in stubs
            raise
        if not is_whole:
            self.lose(LOST)
        if number != self._next_seq_id:
            if number == 0:  # MariaDB's way to say that it shuts down
                self.lose(LOST)
            self._force_close()  # type: ignore[attr-defined] # not in stubs
            wrong = f"Packet sequence number wrong - got {number} expected {self._next_seq_id}"
            raise InternalError(wrong)
        self._next_seq_id = (self._next_seq_id + 1) % 256
        return data + self.read_payload() if size == MAX_PACKET_LEN else data

    def read_known(self, packets: bytes, number: int) -> bool:
        """Read so many packets if they are these; tell whether they were. Raises OperationalError.

        To read one by one what is only compared took a tenth of a short transaction's time here.
        """
        if packets[3] != self._next_seq_id:
            return False
        try:
            if not self._rfile.peek().startswith(packets):
                return False
            self._rfile.read(len(packets))
        except OSError as error:
            self.lose(f"{LOST} ({error})")
        except BaseException:
            self._force_close()  # type: ignore[attr-defined] # not in stubs
            raise
        self._next_seq_id = (self._next_seq_id + number) % 256
        return True

    def lose(self, why: str) -> NoReturn:
        """Close, and say so. Raises OperationalError."""
        self._force_close()  # type: ignore[attr-defined] # not in stubs
        raise OperationalError(CR.CR_SERVER_LOST, why) from None

    def _read_packet(self, packet_type: type[MysqlPacket] = MysqlPacket) -> MysqlPacket:
        """Read a packet. Raises the server's error."""
        self.watch_time()
        packet = packet_type(self.read_payload(), self.encoding)
        if packet.is_error_packet():
            if self._result is not None and self._result.unbuffered_active is True:
                self._result.unbuffered_active = False
            packet.raise_for_error()
        return packet
