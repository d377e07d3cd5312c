"""One address in front of several servers, which leads to the one that takes writes."""

import contextlib
import selectors
import socket
import threading
import time
from typing import Protocol

from tests import servers


class Nodes(Protocol):
    """Servers of one database, of which one is the primary; each has a number."""

    entrance: str
    """Added to an address: the database that is there from the beginning."""
    made_with: str
    """What its databases are made with."""

    def url(self, port: int) -> str:
        """Return how root reaches the primary behind an address."""

    def port(self, node: int) -> int:
        """Return where a node listens."""

    def primary(self) -> int | None:
        """Return the node that takes writes."""

    def kill(self, node: int) -> None:
        """End a node at once, as a power cut would."""

    def rejoin(self, node: int) -> None:
        """Start a node again and let it catch up."""

    def stop(self) -> None:
        """End all nodes."""


class Router:
    """One address whose connections end at today's primary, as a cloud's balancer does it."""

    def __init__(self, cluster: Nodes) -> None:
        self.cluster = cluster
        self.target: int | None = None
        self.elected = 0.0
        self.listening = socket.create_server(("127.0.0.1", servers.free_port()))
        self.port = self.listening.getsockname()[1]
        self.ended = threading.Event()
        for work in (self.look, self.accept):
            threading.Thread(target=work, daemon=True).start()

    def look(self) -> None:
        """Look who is primary; note when that changed."""
        while not self.ended.is_set():
            found = self.cluster.primary()
            if found != self.target:
                self.target = found
                self.elected = time.monotonic() if found else 0.0
            self.ended.wait(0.2)

    def accept(self) -> None:
        """Pass each connection on, or refuse it while there is no primary."""
        while not self.ended.is_set():
            client, _ = self.listening.accept()
            if self.target is None:
                client.close()
                continue
            try:
                server = socket.create_connection(
                    ("127.0.0.1", self.cluster.port(self.target)), timeout=2
                )
            except OSError:
                client.close()
                continue
            threading.Thread(target=pass_on, args=(client, server), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self.ended.set()
        self.listening.close()


def pass_on(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    server.settimeout(None)
    pairs = {client: server, server: client}
    with selectors.DefaultSelector() as ready, client, server, contextlib.suppress(OSError):
        for one in pairs:
            ready.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                one = next(end for end in pairs if end is key.fileobj)
                data = one.recv(65536)
                if not data:
                    return
                pairs[one].sendall(data)
