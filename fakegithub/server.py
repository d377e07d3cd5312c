"""The fake GitHub over HTTP: limits, faults, ETags and a request log around the API.

    with serve(world) as github:
        requests.get(f"{github.url}/repos/octo-org/app", headers=github.headers)

`url` is the API, `blobs` the other host that logs are kept on. Answers name `url` where GitHub's
would name api.github.com.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from fakegithub.api.access import Token
from fakegithub.api.answers import Answer, Logged
from fakegithub.api.faults import Faults
from fakegithub.api.hooks import Hooks
from fakegithub.api.lies import Lie
from fakegithub.api.limits import Limits
from fakegithub.blobs import BlobHandler, Blobs
from fakegithub.handler import ApiHandler
from fakegithub.payloads.templates import Json
from fakegithub.world.view import View
from fakegithub.world.world import World

TOKEN = "token-of-octocat"


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock of the world (seconds since 1970): from `start` on, `scale` times as fast."""

    start: int
    scale: float = 1.0
    begin: float = 0.0

    def __call__(self) -> int:
        """Return the world's time."""
        return self.start + int((time.monotonic() - self.begin) * self.scale)


def scaled_clock(start: int, scale: float = 1.0) -> ScaledClock:
    """Return a clock that begins at `start` now and runs `scale` times as fast as real time."""
    return ScaledClock(start, scale, time.monotonic())


class Server:
    """What the request handlers share. Tests read `requests` and change the rest as they go.

    `clock` gives the world's time (default: where the world's own clock stands): requests see
    the world as it is then, so a world made in advance goes on while it is read.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], int] | None = None,
        tokens: dict[str, Token] | None = None,
        limits: Limits | None = None,
        faults: Faults | None = None,
        retention_days: int | None = None,
        depth: int = 40_000,
        latency: float = 0.0,
    ) -> None:
        self.world = world
        self.clock = clock
        self.tokens = {TOKEN: Token()} if tokens is None else tokens
        self.limits = limits or Limits()
        self.faults = faults or Faults()
        self.retention_days = retention_days
        self.depth = depth
        self.latency = latency
        self.hooks = Hooks(world, self.now)
        self.requests: list[Logged] = []
        self.blob_requests: list[tuple[str, dict[str, str]]] = []
        self.blobs_as = Blobs()
        self.logs: dict[int, str] = {}
        # Jobs whose log is no longer there: the status that the API answers with.
        self.lost_logs: dict[int, int] = {}
        self.annotations: dict[int, list[Json]] = {}
        # Issues with title, body, state and the full name of their repository.
        self.issues: list[Json] = []
        self.lies: list[Lie] = []
        # Fields that GraphQL of an older server has not.
        self.lacking = frozenset[str]()
        # What becomes of an answer before it is sent, by the path with its query.
        self.change: Callable[[str, Answer], Answer] = lambda path, answer: answer
        self.url = ""
        self.blobs = ""

    def now(self) -> int:
        """Return the world's time, in seconds since 1970."""
        return self.world.now if self.clock is None else self.clock()

    def view(self) -> View:
        """Return the world as it is now."""
        time = None if self.clock is None else self.clock()
        return self.world.at(time, retention_days=self.retention_days)

    @property
    def token(self) -> str:
        """Return the first token."""
        return next(iter(self.tokens))

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a well-behaved client."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "runledger",
        }

    @property
    def counted(self) -> int:
        """Return how many requests were charged to the primary limit."""
        return sum(1 for request in self.requests if request.counted)


@contextmanager
def serve(
    world: World, *, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> Iterator[Server]:
    """Serve a world in threads until the block ends; `options` are those of `Server`."""
    server = Server(world, **options)
    servers = [
        _listen((host, port), ApiHandler, server),
        _listen((host, 0), BlobHandler, server),
    ]
    server.url, server.blobs = (f"http://{host}:{one.server_address[1]}" for one in servers)
    threads = [
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for one in servers:
            one.shutdown()
            one.server_close()


class Listener(ThreadingHTTPServer):
    """A threaded HTTP server whose handlers know the fake GitHub."""

    request_queue_size = 256
    daemon_threads = True
    # Idle keep-alive connections may outlive the block: do not wait for their threads.
    block_on_close = False
    github: Server

    def __init__(self, *arguments: Any) -> None:
        self.resets: set[Any] = set()
        super().__init__(*arguments)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one to be reset is closed without saying goodbye first."""
        if request not in self.resets:
            super().shutdown_request(request)
            return
        self.resets.discard(request)
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.close()


def _listen(address: tuple[str, int], handler: Any, server: Server) -> Listener:
    listener = Listener(address, handler)
    listener.github = server
    return listener
