"""PyMySQL with fewer waits: for answers that nobody needs yet, and for work done before.

All of PyMySQL's private names that we use stand in this file, in bulk/pymysql_rows.py, in
asking/mysql_answers.py and in asking/mysql_packets.py; a test runs the same statements through the
plain class (tests/engines/test_pymysql_contract.py).
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from pymysql.connections import MAX_PACKET_LEN, MySQLResult
from pymysql.err import MySQLError

from engines import deadline
from engines.asking.mysql_answers import read_answer, read_posted
from engines.asking.mysql_packets import PacketConnection
from engines.asking.mysql_prepared import Prepared, forget_prepared, prepare_wanted
from engines.bulk.pymysql_rows import QUICK
from engines.kind import RawAnswer


class Connection(PacketConnection):
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
    ahead = 0
    """Questions before the next ones whose answers come with theirs."""
    ahead_answers: Sequence[RawAnswer] = ()
    """To those that were asked ahead last."""
    prepared: dict[str, Prepared | None]
    seen: set[str]
    wanted: set[str]
    """INSERTs of one row, by their text: those that came once, and those that came again."""
    keeps_answer = False
    """Whether the next answer is one of `answers`, and nobody else's."""
    failure: MySQLError | None = None
    """What the next statement fails with, instead of being run."""
    meanwhile: Callable[[], None] | None = None
    """What is done while the server works on a statement; it may post others."""

    def connect(self, sock: Any = None) -> None:
        """Connect: nothing is posted on a new connection."""
        self.held, self.answers, self.owed, self.ahead = [], [], 0, 0
        self.prepared, self.seen, self.wanted = {}, set(), set()
        super().connect(sock)

    def escape(self, obj: Any, mapping: Any = None) -> str:
        """Return a value as it stands in a statement."""
        if type(obj) is str:
            return f"'{self._escape_string(obj)}'"  # type: ignore[attr-defined] # not in stubs
        quick = QUICK.get(type(obj))
        return quick(obj) if quick else super().escape(obj, mapping)

    def query(self, sql: Any, unbuffered: Any = False) -> int:
        """Run a statement."""
        if self.failure is not None:
            raise self.failure
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
        self.send(data)

    def hold(self, packet: bytes) -> None:
        """Hold back a packet, which is a whole statement."""
        self.is_done = False
        self.owed += 1
        self.held.append(packet)

    def push(self) -> None:
        """Send what is held back, for the server to begin; where it fails, the next one will."""
        held = self.held
        if held and self.open:
            self.held = []
            try:
                self._write_bytes(b"".join(held))
            except MySQLError:
                self.held = held

    def _read_query_result(self, unbuffered: bool = False) -> int:
        if self.is_posting:
            self.owed += 1
            self._result = MySQLResult(self)
            self._result.affected_rows = 0
            return 0
        later, failed = self.work_meanwhile()
        try:
            error = self.settle()
            if error is None:
                return self.read_result(unbuffered)
            if self.open:
                with contextlib.suppress(MySQLError):  # it came after the first, which is raised
                    self.read_result(unbuffered)
            raise error
        finally:
            self.owed = later
            if failed is not None:
                raise failed

    def work_meanwhile(self) -> tuple[int, Exception | None]:
        """Do what is to be done while the server works on the statement that was sent last.

        Return how many statements that has posted, whose answers come after that one's, and what
        went wrong: to be raised when the answers that are on their way are read.
        """
        if self.meanwhile is None:
            return 0, None
        before, self.owed, failed = self.owed, 0, None
        try:
            self.meanwhile()
            self.push()
        except Exception as error:  # noqa: BLE001 - raised later
            failed = error
        later, self.owed = self.owed, before
        return later, failed

    def read_result(self, unbuffered: bool = False) -> int:
        """Read the answer to the statement that was sent last; return how many rows it is of."""
        if unbuffered:
            return int(super()._read_query_result(True))  # type: ignore[misc] # not in the stubs
        self._result = None
        self.watch_time()
        result: Any = MySQLResult(self)
        result.connection = None
        read_answer(self, result)
        if self.keeps_answer:
            self.answers.append(result)
            self._result = MySQLResult(self)
            self._result.affected_rows = 0
        else:
            self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)

    def settle(self) -> MySQLError | None:
        """Read the answers to what was posted; return the first error among them."""
        first: MySQLError | None = None
        if self.held:
            self._write_bytes(b"")
        while self.owed and self.open:
            self.owed -= 1
            self._next_seq_id = 1  # each statement's answer counts its packets anew
            self.watch_time()
            error = read_posted(self)
            first = first or error
            forget_prepared(self, error)
        self.owed = 0
        self._next_seq_id = 1
        return first

    def commit(self) -> None:
        """End the transaction."""
        error = self.settle()
        if error is not None:
            raise error
        super().commit()
        self.is_done, self.ahead = True, 0
        prepare_wanted(self)

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
            self.ahead = 0
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
