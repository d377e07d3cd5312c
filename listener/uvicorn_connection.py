"""One connection of a sender: uvicorn's, with the limits that it leaves to a proxy.

https://www.uvicorn.org/concepts/server-behavior/
"""

from typing import Any

from listener.http import connection_shares
from listener.http.lingering_transport import Lingering
from listener.http.whole_requests import WholeRequests
from listener.unfinished import UNFINISHED

WINDOW_SECONDS = 5.0
"""In the first one the head must arrive; in each one so much of a body:"""
RATE = 8 * 1024
"""Bytes per second. GitHub itself gives up after 10 seconds."""
SECONDS = 60.0
"""For a whole request to arrive."""
HEAD_BYTES = 64 * 1024
"""Of a head, or of what follows the last byte of a body in chunks."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n"
MOST_PIECES, PIECE_BYTES = 32768, 256
"""So many chunks may be of any size; more must be so long: each costs as much as a long one."""
FREE_PIECES = 1024
"""Chunks that are read at once, however short; the shorter ones after them wait for each other."""
SLICE_BYTES = 4096
"""Of chunks, are read without looking at others."""


ENDING_SECONDS = 1.0
"""For what is sent, when we end, on a connection on which nobody waits: it is answered."""


class Connection(WholeRequests):
    """Brings one request at a time; `has_head` and `is_whole` say how far it is here."""

    has_head = is_whole = is_answered = is_chunked = is_paced = is_ended = False
    is_idle = is_ending = is_leaving = False
    """It is kept and waits for a request; the process ends; it is to be made anew elsewhere."""
    held = 0
    loose_bytes = 0
    """Received since the last byte of a body."""
    body_bytes = judged_bytes = pieces = paced_pieces = 0
    rest = memoryview(b"")
    """Received, and not read yet."""

    def connection_made(self, transport: Any) -> None:
        """Give the request its time."""
        connection_shares.SHARES.add(1)
        self.lingering = Lingering(transport, self)
        super().connection_made(self.lingering)  # it is as good as one
        self.answer_whole = getattr(self.app, "answer_whole", None)
        self.await_request()
        UNFINISHED.add(self)

    def await_request(self) -> None:
        """Give a request its time."""
        self.ends = self.loop.time() + SECONDS
        self.patience = self.loop.call_later(WINDOW_SECONDS, self.judge, self.lingering.transport)

    def judge(self, transport: Any) -> None:
        """Close on who takes too long: a body that is cut off ends before its length."""
        is_slow = self.body_bytes - self.judged_bytes < RATE * WINDOW_SECONDS
        if is_slow or self.loop.time() >= self.ends:
            transport.close()
            return
        self.judged_bytes = self.body_bytes
        self.patience = self.loop.call_later(WINDOW_SECONDS, self.judge, transport)

    def drop(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on, but neither a head nor chunks without end, nor what follows an answer."""
        if self.is_answered:
            self.transport.pause_reading()
            pause = UNFINISHED.bytes.pause(len(data), self.loop.time())
            self.loop.call_later(pause, self.transport.resume_reading)
            return
        self.rest = memoryview(bytes(self.rest) + data if self.rest else data)
        begins, self.is_idle = self.is_idle, False
        if self.is_paced or self.is_whole:  # who wants more is the app, or the request before
            self.transport.pause_reading()
        else:
            self.read_rest()
            self.release()
        if not self.is_whole and not self.is_answered:
            if begins:  # most are whole by now, and need no time
                self.await_request()
            UNFINISHED.hold(self, len(data))
        self.ask()

    def read_rest(self) -> None:
        """Read what is here; chunks in slices, and many short ones at the pace of all."""
        while self.rest and not self.is_answered and not self.is_whole:
            size = len(self.rest) if self.has_head and not self.is_chunked else SLICE_BYTES
            data, self.rest = bytes(self.rest[:size]), self.rest[size:]
            self.read(data)
            free = FREE_PIECES + self.body_bytes // PIECE_BYTES + self.paced_pieces
            if self.pieces > free:
                self.is_paced = True
                self.transport.pause_reading()
                pause = UNFINISHED.pieces.pause(self.pieces - free, self.loop.time())
                self.paced_pieces += self.pieces - free
                self.loop.call_later(pause, self.read_on)
                return

    def read_on(self) -> None:
        """Read the rest after a pause, unless the connection is closed or answered meanwhile."""
        self.is_paced = False
        if self.transport.is_closing() or self.is_answered:
            return
        self.read_rest()
        if self.is_paced or self.is_answered:
            return
        if self.is_ended:
            if not self.eof_received():
                self.transport.close()
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def read(self, data: bytes) -> None:
        self.loose_bytes += len(data)
        super().data_received(data)
        if self.is_whole or self.is_answered or self.loose_bytes <= HEAD_BYTES:
            return
        if self.has_head:
            self.cut_off()
        else:
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.has_head = True
        self.is_chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
        self.headers = []  # for what follows a body in chunks, which is no part of the head

    def on_body(self, body: bytes) -> None:
        self.pieces += 1
        if self.pieces > MOST_PIECES + self.body_bytes // PIECE_BYTES:
            raise ValueError("too many chunks")  # for the parser, which ends with it
        self.body_bytes += len(body)
        self.loose_bytes = 0
        super().on_body(body)

    def on_message_begin(self) -> None:
        if self.is_whole:  # two in one piece: the first is answered, and the other sent again
            self.scope["keeps_open"] = False  # type: ignore[typeddict-unknown-key]
        super().on_message_begin()

    def on_message_complete(self) -> None:
        if not self.is_whole:
            is_odd = self.is_chunked or self.is_paced or self.is_ending
            self.scope["keeps_open"] = not is_odd and not self.leaves()  # type: ignore[typeddict-unknown-key] # ours alone
        self.is_whole = True
        self.patience.cancel()
        UNFINISHED.finish(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send the answer, and wait for the next request where the connection is kept."""
        if self.cycle.keep_alive and not self.transport.is_closing():
            self.lingering.send_answer()
            self.keep_open()
        else:
            super().on_response_complete()

    def leaves(self) -> bool:
        """Tell whether the sender is to connect anew, where more are free."""
        if connection_shares.SHARES.has_too_many():
            self.is_leaving = True
            connection_shares.SHARES.add(-1)
        return self.is_leaving

    def keep_open(self) -> None:
        """Wait for the next request."""
        self.has_head = self.is_whole = self.is_chunked = False
        self.loose_bytes = self.body_bytes = self.judged_bytes = 0
        self.pieces = self.paced_pieces = 0
        self.is_idle = True
        UNFINISHED.forget(self)
        UNFINISHED.add(self)
        super().on_response_complete()
        if self.rest:
            self.loop.call_soon(self.read_kept)

    def read_kept(self) -> None:
        """Read what came while the request before was answered."""
        if self.rest and self.is_idle:
            self.transport.resume_reading()
            self.data_received(b"")

    def shutdown(self) -> None:
        """End once the request is answered; what waits for one, kept or new, a moment later."""
        self.is_ending = True
        connection_shares.SHARES.end()
        if self.is_asked or not (self.cycle is None or self.cycle.response_complete):
            self.end()
        else:
            self.loop.call_later(ENDING_SECONDS, self.end)

    def end(self) -> None:
        """End once the request is answered."""
        if self.is_asked:
            self.keeps_alive = False
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; after a whole one, nobody asked."""
        if self.is_whole:
            return
        if self.has_head:
            self.cut_off()
        else:
            super().send_400_response(msg)

    def cut_off(self) -> None:
        """Let the app answer that the body ends before its end."""
        self.release()
        self.rest = memoryview(b"")
        self.scope["is_cut_off"] = True  # type: ignore[typeddict-unknown-key] # ours alone
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn always closes
        """End a body that is cut off; who sends no more can still read its answer."""
        if self.is_asked:
            self.keeps_alive = False
            return True
        if self.cycle is None or self.is_answered or self.is_idle:
            return False
        self.is_ended, self.cycle.keep_alive = True, False
        if self.is_paced:
            return True
        if not self.is_whole:
            self.cut_off()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.patience.cancel()
        self.rest = memoryview(b"")
        UNFINISHED.forget(self)
        if not self.is_leaving:
            connection_shares.SHARES.add(-1)
        super().connection_lost(exc)
