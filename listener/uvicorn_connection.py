"""One connection of a sender: uvicorn's, with the limits that it leaves to a proxy.

https://www.uvicorn.org/concepts/server-behavior/
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS = 60.0
"""For a whole request to arrive: GitHub itself gives up after 10."""
HEAD_BYTES = 64 * 1024
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n"
LINGER_SECONDS = 5.0
"""For an answer to be read by who still sends."""


class Connection(HttpToolsProtocol):
    """Brings one request; `has_head` and `is_whole` say how far it is here."""

    has_head = is_whole = is_answered = False
    head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Give the request its time: a body that is cut off ends before its length."""
        lingering: Any = Lingering(transport, self)
        super().connection_made(lingering)
        self.patience = self.loop.call_later(SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Read on, but neither a head without end nor what follows an answer."""
        if self.is_answered:
            return
        super().data_received(data)
        if self.has_head or self.is_answered:
            return
        self.head_bytes += len(data)
        if self.head_bytes > HEAD_BYTES:
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self.has_head = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.is_whole = True
        self.patience.cancel()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; after a whole one, nobody asked."""
        if not self.is_whole:
            super().send_400_response(msg)

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn always closes
        """End a body that is cut off; who sends no more can still read its answer."""
        if self.cycle is None or self.is_answered:
            return False
        self.cycle.more_body = False
        self.cycle.message_event.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.patience.cancel()
        super().connection_lost(exc)


class Lingering:
    """A transport that sends an answer in one piece, and lets who is answered early finish.

    A socket that is closed with unread bytes takes the answer back that its sender has not read.
    """

    def __init__(self, transport: Any, connection: Connection) -> None:
        self.transport = transport
        self.connection = connection
        self.answer: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        """Do everything else as the transport does."""
        return getattr(self.transport, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell nothing: who sends is not asked here, and each question is a system call."""
        return default

    def write(self, data: bytes) -> None:
        """Send what comes before an answer; the answer itself goes out when it is closed after."""
        cycle = self.connection.cycle
        if cycle is not None and cycle.response_started:
            self.answer.append(data)
        else:
            self.transport.write(data)

    def close(self) -> None:
        """Send the answer and close; as long as the sender sends, only our side."""
        if self.answer:
            self.transport.write(b"".join(self.answer))
            self.answer.clear()
        is_done = self.connection.is_whole or self.connection.is_answered
        if is_done or self.transport.is_closing():
            self.transport.close()
            return
        self.connection.is_answered = True
        self.connection.patience.cancel()
        self.connection.patience = self.connection.loop.call_later(
            LINGER_SECONDS, self.transport.abort
        )
        self.transport.resume_reading()
        self.transport.write_eof()
