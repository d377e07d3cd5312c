"""A transport that sends each answer in one piece, and closes without taking an answer back."""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any, Protocol

LINGER_SECONDS = 5.0
"""For an answer to be read by who still sends."""


class Answered(Protocol):
    """The connection that a transport is of: how far its request is, and its answer."""

    is_whole: bool
    is_answered: bool
    is_idle: bool
    cycle: Any
    loop: AbstractEventLoop
    patience: TimerHandle


class Lingering:
    """A transport that sends an answer in one piece, and lets who is answered early finish.

    A socket that is closed with unread bytes takes the answer back that its sender has not read.
    """

    def __init__(self, transport: Any, connection: Answered) -> None:
        self.transport = transport
        self.connection = connection
        self.answer: list[bytes] = []
        self.is_closing = transport.is_closing  # asked for each request
        self.resume_reading = transport.resume_reading

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

    def send_answer(self) -> None:
        """Send the answer in one piece."""
        if self.answer:
            self.transport.write(b"".join(self.answer))
            self.answer.clear()

    def close(self) -> None:
        """Send the answer and close; as long as the sender sends, only our side."""
        self.send_answer()
        connection = self.connection
        is_done = connection.is_whole or connection.is_answered or connection.is_idle
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
