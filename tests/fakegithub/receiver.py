"""Something that takes deliveries and keeps them, where no listener is needed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Receiver(HTTPServer):
    """Keeps what it gets and answers with `code`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.code = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/webhook"


class ReceiverHandler(BaseHTTPRequestHandler):
    """Takes one delivery."""

    def do_POST(self) -> None:
        """Keep it, and answer."""
        receiver: Any = self.server
        length = int(self.headers["Content-Length"])
        receiver.got.append((dict(self.headers), self.rfile.read(length)))
        self.send_response(receiver.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take deliveries until the block ends."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
