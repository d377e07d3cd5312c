"""PyMySQL with fewer waits: for answers that nobody needs yet, and for work done before.

All of PyMySQL's private names that we use stand in this file, in bulk/pymysql_rows.py and in
asking/mysql_answers.py; a test runs the same statements through the plain class
(tests/engines/test_pymysql_contract.py).
"""

import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any, NoReturn

import pymysql
from pymysql.connections import MAX_PACKET_LEN, MySQLResult
from pymysql.constants import CR
from pymysql.err import InternalError, MySQLError, OperationalError
from pymysql.protocol import MysqlPacket

from engines import deadline
from engines.asking.mysql_answers import read_answer, read_posted
from engines.bulk.pymysql_rows import QUICK

LOST = "Lost connection to MySQL server during query"


class Connection(pymysql.Connection):
    """Sends a posted statement without waiting; its answer is read before the next one's.

    A server works on what it gets in turn, so that posting takes no round trip: with a database
    2 ms away that is half of the time of a transaction. COMMIT is sent only when all answers are
    there and good: otherwise it would commit what is left of a transaction.

    No ROLLBACK is sent where nothing was asked since the last transaction ended: SQLAlchemy's pool
    rolls every connection back that it takes back, after a COMMIT, too.
    """

    is_done = False
    is_posting = is_holding = False
    owed = 0
    """Answers to statements that were posted; of those in `held`, too, which are not sent yet."""
    held: list[bytes]
    answers: list[MySQLResult]
    """To questions that were posted, in order."""
    waits_in_kernel = False
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
        self.held, self.answers, self.owed, self.waits_in_kernel = [], [], 0, False
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

    def _write_bytes(self, data: bytes) -> None:
        """Send a packet, with those that were held back; or hold it back for the next."""
        if self.is_holding and data[3] == 0 and len(data) < MAX_PACKET_LEN:
            self.held.append(data)  # which is a whole statement
            return
        if self.held:
            data = b"".join((*self.held, data))
            self.held.clear()
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

    def _read_query_result(self, unbuffered: bool = False) -> int:
        if self.is_posting:
            self.owed += 1
            self._result = MySQLResult(self)
            self._result.affected_rows = 0
            return 0
        error = self.settle()
        if error is None:
            return self.read_result(unbuffered)
        if self.open:
            with contextlib.suppress(MySQLError):  # it came after the first, which is raised
                self.read_result(unbuffered)
        raise error

    def read_result(self, unbuffered: bool = False) -> int:
        """Read the answer to the statement that was sent last; return how many rows it is of."""
        if unbuffered:
            return int(super()._read_query_result(True))  # type: ignore[misc] # not in the stubs
        self._result = None
        self.watch_time()
        result: Any = MySQLResult(self)
        result.connection = None
        read_answer(self, result)
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)

    def settle(self) -> MySQLError | None:
        """Read the answers to what was posted; return the first error among them."""
        first: MySQLError | None = None
        if self.held:
            self._write_bytes(b"")
        while self.owed:
            self.owed -= 1
            self._next_seq_id = 1  # each statement's answer counts its packets anew
            self.watch_time()
            error = read_posted(self)
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

    def forget_held(self) -> None:
        """Send nothing of what was held back, and expect no answers to it."""
        self.owed -= len(self.held)
        self.held.clear()

    def rollback(self) -> None:
        """End the transaction, if there is one, with all that was posted."""
        if not self.is_done:
            self.forget_held()
            self.settle()
            self.answers.clear()
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
