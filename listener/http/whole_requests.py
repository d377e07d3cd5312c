"""Deliveries that came whole, head and body at once, as nearly all do: answered without a task.

uvicorn makes a task for each request, which waits for its body, asks the app and is woken with the
outcome: a seventh of what a delivery took of Python. Everything else goes that way.
"""

from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from listener.intake import answers
from listener.intake.answers import Answer
from listener.intake.intake import is_quick
from listener.webhook import PATH

TARGET = PATH.encode()
PLAIN = {b"content-length"}
NOT_PLAIN = {b"transfer-encoding", b"expect", b"upgrade"}
"""Headers that a plain request has, and has not."""

AnswerWhole = Callable[[Sequence[tuple[bytes, bytes]], bytes, Callable[[Answer], None]], None]


class WholeRequests(HttpToolsProtocol):
    """Holds a delivery back while its body may come with its head.

    `is_held`: its head was read, and uvicorn does not know it yet; `is_asked`: it was whole, and
    waits for its answer, or (`is_due`) is to be asked for it.
    """

    is_held = is_asked = is_due = keeps_alive = is_whole = False
    answer_whole: AnswerWhole | None = None
    lingering: Any
    early: list[bytes]
    asked: Any
    """The scope of what is asked."""

    def on_headers_complete(self) -> None:
        """Hold a plain delivery back; give uvicorn everything else."""
        if self.is_asked:
            return  # a second one in the same piece, which is sent again
        is_first = not self.is_whole  # else uvicorn has the one before it, which is answered first
        if is_first and self.answer_whole and self.url == TARGET and self.is_plain():
            self.is_held, self.early, self.keeps_alive = True, [], self.parser.should_keep_alive()
            return
        super().on_headers_complete()

    def is_plain(self) -> bool:
        """Tell whether a head is of a request that may come whole."""
        names = {name for name, _ in self.headers}
        is_simple = names >= PLAIN and not names & NOT_PLAIN
        is_post = self.parser.get_method() == b"POST"
        return is_simple and is_post and self.parser.get_http_version() == "1.1"

    def on_body(self, body: bytes) -> None:
        if self.is_held:
            self.early.append(body)
        elif not self.is_asked:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.is_held and not is_quick(sum(map(len, self.early))):
            self.release()  # several pieces that were read at once: not for the loop to verify
        if self.is_held:
            self.is_held, self.is_asked, self.is_due, self.asked = False, True, True, self.scope
        elif not self.is_asked:
            super().on_message_complete()

    def release(self) -> None:
        """Let uvicorn go on with what was held back, which is not whole."""
        if self.is_held:
            self.is_held = False
            super().on_headers_complete()
            for body in self.early:
                super().on_body(body)

    def ask(self) -> None:
        """Ask for the answer to what was held back and is whole."""
        if self.is_due and self.answer_whole is not None:
            self.is_due = False
            self.answer_whole(self.asked["headers"], b"".join(self.early), self.reply)

    def reply(self, answer: Answer) -> None:
        """Send an answer, and keep the connection where it may be kept."""
        self.is_asked = False
        if self.transport.is_closing():
            return
        is_kept = self.keeps_alive and self.asked["keeps_open"]
        text = answer.text
        lines = (
            *answers.written(self.server_state.default_headers),
            answers.head_lines(answer.code, len(text), is_kept),
        )
        self.lingering.transport.write(b"".join((STATUS_LINE[answer.code], *lines, b"\r\n", text)))
        if is_kept:
            self.keep_open()
        else:
            self.transport.close()

    def keep_open(self) -> None:
        """Wait for the next request."""
        raise NotImplementedError
