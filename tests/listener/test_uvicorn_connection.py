"""What a connection allows its sender, beside bringing one request."""

import asyncio
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from uvicorn import Config, Server

from listener import uvicorn_connection as limits
from listener.asgi import AsgiApp
from listener.http import lingering_transport
from listener.intake.intake import Intake
from listener.unfinished import Pace
from listener.uvicorn_worker import LoopWorker
from tests.listener.process import reply, request
from tests.listener.sending import headers, recorded

BODY = recorded("ping__organization")

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

SERVED = ("http", "ws", "loop", "lifespan", "proxy_headers")
AS_SERVED = {name: LoopWorker.CONFIG_KWARGS[name] for name in SERVED}

Connect = Callable[[], socket.socket]


@pytest.fixture
def connect(intake: Intake) -> Iterator[Connect]:
    """Serve the app in a thread, with the loop that the listener has; give what connects to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Config(AsgiApp(intake), **AS_SERVED))
        made: list[socket.socket] = []

        def connected() -> socket.socket:
            made.append(socket.create_connection(listening.getsockname(), timeout=10))
            return made[-1]

        with running(server, listening):
            yield connected
        for one in made:
            one.close()


@contextmanager
def running(server: Server, listening: socket.socket) -> Iterator[None]:
    """Serve, with the whole life of the loop in its own thread: a browser may have one in this."""

    def serve() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve([listening]))

    thread = threading.Thread(target=serve)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def head(**others: str) -> bytes:
    return request({**headers("ping", BODY), **others}, len(BODY))


def test_request_in_small_pieces_is_answered(connect: Connect):
    sender = connect()
    for letter in range(0, len(head() + BODY), 700):
        sender.sendall((head() + BODY)[letter : letter + 700])
        time.sleep(0.005)
    assert reply(sender).json == {"status": "pong"}


@pytest.mark.parametrize("sent", [b"", b"POST /webhook HT", head(), head() + BODY[:10]])
def test_request_that_is_not_whole_in_time_is_closed_on(
    connect: Connect, sent: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 0.3)
    sender = connect()
    sender.sendall(sent)
    began = time.monotonic()
    assert sender.recv(1000) == b""
    assert 0.2 < time.monotonic() - began < 30


def test_request_that_is_whole_in_time_may_be_answered_later(
    connect: Connect, intake: Intake, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 0.1)

    async def slow(*_: object) -> None:
        await asyncio.sleep(0.5)
        raise RuntimeError("a mistake")

    monkeypatch.setattr("listener.intake.intake.settle", slow)
    sender = connect()
    sender.sendall(head() + BODY)
    assert reply(sender).code == 503


def test_body_that_keeps_its_rate_is_read_until_a_request_has_had_its_time(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 0.2)
    monkeypatch.setattr(limits, "SECONDS", 1.5)
    sender = connect()
    sender.sendall(request(headers("ping", BODY), 20_000_000))
    began = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() < began + 30:
            sender.sendall(b"x" * limits.RATE)
            time.sleep(0.05)
    assert 1 < time.monotonic() - began < 30


def test_oldest_of_too_many_connections_gives_way(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits.UNFINISHED, "most", 3)
    idle = [connect() for _ in range(3)]
    idle[1].sendall(head())
    time.sleep(0.2)
    sender = connect()
    sender.sendall(head() + BODY)
    assert reply(sender).json == {"status": "pong"}
    assert is_dropped(idle[0])
    idle[1].sendall(BODY)
    assert reply(idle[1]).json == {"status": "pong"}


def test_oldest_request_gives_way_to_bytes_that_are_too_many(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits.UNFINISHED, "most_held", 1_000_000)
    strangers = [connect() for _ in range(3)]
    for one in strangers:
        with suppress(ConnectionError):
            one.sendall(request(headers("ping", BODY), 20_000_000) + b"x" * 600_000)
        time.sleep(0.2)
    assert [is_dropped(one) for one in strangers[:2]] == [True, True]
    sender = connect()
    sender.sendall(head() + BODY[:10])
    time.sleep(0.1)
    sender.sendall(BODY[10:])
    assert reply(sender).json == {"status": "pong"}


def is_dropped(sender: socket.socket) -> bool:
    """Tell whether the server has ended a connection without an answer."""
    with suppress(ConnectionError):
        return sender.recv(1000) == b""
    return True


def test_what_a_connection_held_is_free_once_it_has_ended(connect: Connect):
    for ending in (BODY[10:], b""):
        sender = connect()
        sender.sendall(head() + BODY[:10])
        time.sleep(0.1)
        assert limits.UNFINISHED.held > 0
        sender.sendall(ending)
        sender.shutdown(socket.SHUT_WR)
        assert reply(sender).code == (200 if ending else 400)
        sender.close()
        ends = time.monotonic() + 10
        while limits.UNFINISHED.held or limits.UNFINISHED.senders:
            assert time.monotonic() < ends
            time.sleep(0.01)


def test_many_short_chunks_wait_for_each_other_and_nothing_else_does(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits.UNFINISHED, "pieces", Pace(4096))
    strangers = [connect() for _ in range(4)]
    began = time.monotonic()
    start = request({**headers("ping", b""), "Transfer-Encoding": "chunked"}, None)
    for one in strangers:
        one.sendall(start + b"1\r\nx\r\n" * 4000 + b"0\r\n\r\n")
    sender = connect()
    sender.sendall(head() + BODY)
    assert reply(sender).json == {"status": "pong"}
    assert select.select(strangers, [], [], 0)[0] == []
    assert [reply(one).code for one in strangers] == [401] * 4
    assert time.monotonic() - began > 2  # 3,000 of each, 4,096 a second of all


def test_head_without_end_is_431(connect: Connect):
    sender = connect()
    sender.sendall(head()[:-2] + b"X: " + b"a" * limits.HEAD_BYTES)
    assert reply(sender).code == 431


@pytest.mark.parametrize(
    "fields",
    [{f"X-{number}": "1" for number in range(101)}, {"X-Long": "a" * 17_000}],
    ids=["many", "long"],
)
def test_head_of_many_or_long_fields_is_431(connect: Connect, fields: dict[str, str]):
    sender = connect()
    sender.sendall(head(**fields) + BODY)
    assert (found := reply(sender)).code == 431
    assert found.json["status"] == "refused"


def test_sender_who_is_refused_early_reads_why_though_it_goes_on_sending(connect: Connect):
    sender = connect()
    sender.sendall(request(headers("ping", BODY), 30_000_000))
    for _ in range(30):
        sender.sendall(b"x" * 1_000_000)
    assert reply(sender).code == 413


def test_sender_who_is_refused_and_neither_reads_nor_ends_is_cut_off(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lingering_transport, "LINGER_SECONDS", 0.2)
    sender = connect()
    sender.sendall(request(headers("ping", BODY), 30_000_000))
    ends = time.monotonic() + 10
    with suppress(ConnectionError):
        while time.monotonic() < ends:
            sender.sendall(b"x" * 1_000)
            time.sleep(0.01)
    assert time.monotonic() < ends


def test_sender_who_closes_its_side_is_answered(connect: Connect):
    sender = connect()
    sender.sendall(head() + BODY)
    sender.shutdown(socket.SHUT_WR)
    assert reply(sender).json == {"status": "pong"}


@pytest.mark.parametrize("more", [b"no request", head() + BODY])
def test_whatever_follows_a_request_is_not_answered(connect: Connect, more: bytes):
    sender = connect()
    sender.sendall(head() + BODY + more)
    received = b""
    while piece := sender.recv(65536):
        received += piece
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b'{"status": "pong"}')
