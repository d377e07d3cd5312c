"""Connections that a sender keeps: one request after the other, and none of them lost or mixed."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uvicorn import Config, Server

from listener import uvicorn_connection as limits
from listener.asgi import AsgiApp
from listener.intake.intake import Intake
from listener.unfinished import UNFINISHED
from runtime.file_lock import FileLock
from tests.listener.process import request
from tests.listener.sending import headers, recorded
from tests.listener.test_uvicorn_connection import AS_SERVED, running

BODY, RUN = recorded("ping__organization"), recorded("workflow_run__completed_success")
PONG = b'{"status": "pong"}'
CLOSING = b"\r\nconnection: close\r\n"

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def server(intake: Intake) -> Iterator[tuple[Server, socket.socket]]:
    """Serve the app as the listener does, and give the server and a connection to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Config(AsgiApp(intake), **AS_SERVED, timeout_keep_alive=1))
        address = listening.getsockname()
        with running(server, listening), socket.create_connection(address, timeout=10) as sender:
            yield server, sender


@pytest.fixture
def sender(server: tuple[Server, socket.socket]) -> socket.socket:
    return server[1]


def ping(*, closing: bool = False, **others: str) -> bytes:
    """Return a request that asks for the connection to be kept, or says nothing of it."""
    sent = request({**headers("ping", BODY), **others}, len(BODY)) + BODY
    return sent if closing else sent.replace(b"Connection: close\r\n", b"")


def read_answer(sender: socket.socket) -> bytes:
    """Return the next answer, which has the length that it says."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = sender.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {received!r}")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += sender.recv(65536)
    assert len(body) == length, "more than one answer"
    return head + b"\r\n" + body


def test_one_request_after_the_other_is_answered(sender: socket.socket):
    for _ in range(5):
        sender.sendall(ping())
        answer = read_answer(sender)
        assert answer.endswith(PONG)
        assert CLOSING not in answer


def test_request_that_comes_in_pieces_after_another_is_answered(sender: socket.socket):
    sender.sendall(ping())
    read_answer(sender)
    for place in range(0, len(ping()), 900):
        sender.sendall(ping()[place : place + 900])
        time.sleep(0.002)
    assert read_answer(sender).endswith(PONG)


def test_sender_who_wants_it_closed_has_it_closed(sender: socket.socket):
    sender.sendall(ping(closing=True))
    assert CLOSING in read_answer(sender)
    assert sender.recv(1) == b""


def test_second_request_in_one_piece_is_left_unanswered_and_the_sender_told(sender: socket.socket):
    sender.sendall(ping() + ping())
    assert CLOSING in read_answer(sender)
    assert sender.recv(1) == b""


def test_refusal_after_a_whole_body_keeps_the_connection_and_an_early_one_does_not(
    sender: socket.socket,
):
    sender.sendall(ping(**{"X-Hub-Signature-256": f"sha256={'0' * 64}"}))
    answer = read_answer(sender)
    assert b" 401 " in answer
    assert CLOSING not in answer
    sender.sendall(ping(**{"Content-Type": "text/plain"})[: -len(BODY)])
    answer = read_answer(sender)
    assert b" 415 " in answer
    assert CLOSING in answer


def test_other_pages_and_bodies_in_chunks_are_closed_after(sender: socket.socket):
    sender.sendall(ping())
    read_answer(sender)
    sender.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert CLOSING in read_answer(sender)
    assert sender.recv(1) == b""


def test_connection_on_which_nothing_comes_is_closed(sender: socket.socket):
    sender.sendall(ping())
    read_answer(sender)
    began = time.monotonic()
    assert sender.recv(1) == b""
    assert 0.5 < time.monotonic() - began < 5


def test_next_request_has_to_come_as_fast_as_the_first(
    sender: socket.socket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 0.3)
    sender.sendall(ping())
    read_answer(sender)
    sender.sendall(ping()[:100])
    began = time.monotonic()
    assert sender.recv(1) == b""
    assert time.monotonic() - began < 5


def test_when_the_process_ends_what_has_just_been_sent_is_answered_and_then_closed(
    server: tuple[Server, socket.socket],
):
    ending, sender = server
    sender.sendall(ping())
    read_answer(sender)
    ending.should_exit = True
    time.sleep(0.4)
    sender.sendall(ping())
    answer = read_answer(sender)
    assert answer.endswith(PONG)
    assert CLOSING in answer
    assert sender.recv(1) == b""


def test_when_the_process_ends_the_first_request_of_a_connection_is_answered_too(
    server: tuple[Server, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "ENDING_SECONDS", 60.0)
    ending, sender = server
    wait_for(lambda: len(ending.server_state.connections) == 1)
    (connection,) = ending.server_state.connections
    ending.should_exit = True
    wait_for(lambda: connection.is_ending)
    sender.sendall(ping()[:100])
    sender.sendall(ping()[100:])
    answer = read_answer(sender)
    assert answer.endswith(PONG)
    assert CLOSING in answer
    assert sender.recv(1) == b""


@pytest.mark.parametrize("pieces", [1, 2])
def test_connection_of_who_sends_no_more_is_closed_with_the_answer(
    server: tuple[Server, socket.socket], intake: Intake, tmp_path: Path, pieces: int
):
    """It waited for a next request, and counted, although none could come."""
    serving, first = server
    serving.config.timeout_keep_alive = 600
    intake.group_commit.turns = FileLock(tmp_path / "lock")
    other = FileLock(tmp_path / "lock")
    other.wait()
    with socket.create_connection(first.getpeername(), timeout=30) as sender:
        sent = request(headers("workflow_run", RUN), len(RUN)) + RUN
        sent = sent.replace(b"Connection: close\r\n", b"")
        if pieces == 2:
            sender.sendall(sent[:-100])
            wait_for(lambda: any(one.has_head for one in serving.server_state.connections))
        sender.sendall(sent[-100:] if pieces == 2 else sent)
        wait_for(lambda: any(one.is_whole for one in serving.server_state.connections))
        sender.shutdown(socket.SHUT_WR)
        first.sendall(ping())
        read_answer(first)  # the server has seen the end of the other one by then
        other.close()
        answer = read_answer(sender)
        assert answer.endswith(b'{"status": "applied"}')
        assert CLOSING in answer
        assert sender.recv(1) == b""


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_kept_connections_are_dropped_first_where_there_are_too_many(
    server: tuple[Server, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    _, sender = server
    sender.sendall(ping())
    read_answer(sender)
    monkeypatch.setattr(UNFINISHED, "most", 1)
    with socket.create_connection(sender.getpeername(), timeout=10) as other:
        other.sendall(ping())
        assert read_answer(other).endswith(PONG)
    with pytest.raises(ConnectionError):
        read_answer(sender)
