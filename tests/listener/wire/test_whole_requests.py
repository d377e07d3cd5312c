"""Deliveries that come whole are answered without uvicorn's task, and are as safe as the others."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from uvicorn import Config, Server

from listener.asgi import AsgiApp
from listener.http.whole_requests import WholeRequests
from listener.intake.group_commit import Ticket, tell
from listener.intake.intake import Intake
from schema.tables.deliveries import deliveries
from store.doors.webhook import DeliveryOutcome
from tests.listener.process import request
from tests.listener.sending import headers, recorded
from tests.listener.test_uvicorn_connection import AS_SERVED, running
from tests.listener.wire.test_kept_connections import CLOSING, read_answer

BODY = recorded("push__branch_created")
APPLIED = b'{"status": "applied"}'

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


class CountingApp(AsgiApp):
    """Counts what comes by uvicorn's tasks."""

    tasks = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.tasks += 1
        await super().__call__(scope, receive, send)


@contextmanager
def served(intake: Intake) -> Iterator[tuple[CountingApp, Server, socket.socket]]:
    """Serve as the listener does; give the app, the server and a connection."""
    app = CountingApp(intake)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Config(app, **AS_SERVED, timeout_graceful_shutdown=9))
        address = listening.getsockname()
        with running(server, listening), socket.create_connection(address, timeout=20) as sender:
            yield app, server, sender


@pytest.fixture
def waiting(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> list[Ticket]:
    """Let deliveries wait here, as while the database takes its time."""
    tickets: list[Ticket] = []
    monkeypatch.setattr(intake.group_commit, "put", tickets.append)
    return tickets


def push(number: int) -> bytes:
    """Return a delivery that asks for the connection to be kept."""
    guid = f"72d3162e-cc78-11e3-81ab-4c9367dc{number:04}"
    sent = request(headers("push", BODY, X_GitHub_Delivery=guid), len(BODY)) + BODY
    return sent.replace(b"Connection: close\r\n", b"")


def apply(tickets: list[Ticket], number: int) -> None:
    """Say of so many that they are stored, once they are there."""
    until = time.monotonic() + 20
    while len(tickets) < number and time.monotonic() < until:
        time.sleep(0.01)
    tell((ticket.answer, DeliveryOutcome("applied")) for ticket in tickets[:number])
    del tickets[:number]


def test_whole_delivery_is_stored_without_a_task_and_one_in_pieces_too(intake: Intake):
    with served(intake) as (app, _, sender):
        sender.sendall(push(1))
        whole = read_answer(sender)
        assert app.tasks == 0
        sender.sendall(push(2)[:-100])
        time.sleep(0.3)
        sender.sendall(push(2)[-100:])
        pieces = read_answer(sender)
        assert app.tasks == 1
    for answer in (whole, pieces):
        assert answer.endswith(APPLIED)
        assert CLOSING not in answer
    without_date = [
        sorted(line for line in answer.split(b"\r\n") if not line.startswith(b"date: "))
        for answer in (whole, pieces)
    ]
    assert without_date[0] == without_date[1]
    with intake.engine.connect() as connection:
        assert connection.scalars(select(deliveries.c.state)).all() == ["applied", "applied"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST /webhook ", b"POST /webhook?a=b "),
        (b"POST /webhook ", b"PUT /webhook "),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"),
        (b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    ],
)
def test_what_is_not_plain_goes_the_longer_way(intake: Intake, old: bytes, new: bytes):
    with served(intake) as (app, _, sender):
        sender.sendall(push(1).replace(old, new, 1))
        assert sender.recv(65536).startswith(b"HTTP/1.1 ")
        assert app.tasks == 1


def test_sender_that_sends_no_more_still_gets_its_answer(intake: Intake, waiting: list[Ticket]):
    with served(intake) as (_, _, sender):
        sender.sendall(push(1))
        sender.shutdown(socket.SHUT_WR)
        apply(waiting, 1)
        assert read_answer(sender).endswith(APPLIED)


def test_process_that_ends_answers_what_waits_and_closes_then(
    intake: Intake, waiting: list[Ticket]
):
    with served(intake) as (_, server, sender):
        sender.sendall(push(1))
        while not waiting:
            time.sleep(0.01)
        server.should_exit = True
        time.sleep(1.5)  # longer than a connection is kept that waits for a request
        apply(waiting, 1)
        answer = read_answer(sender)
        assert answer.endswith(APPLIED)
        assert CLOSING in answer
        assert sender.recv(1) == b""


def test_request_that_comes_before_the_answer_is_answered_next(
    intake: Intake, waiting: list[Ticket]
):
    with served(intake) as (_, _, sender):
        sender.sendall(push(1))
        for number in range(2, 6):
            while not waiting:
                time.sleep(0.01)
            sender.sendall(push(number))
            time.sleep(0.1)
            apply(waiting, 1)
            answer = read_answer(sender)
            assert answer.endswith(APPLIED)
            assert CLOSING not in answer


def test_many_requests_in_one_piece_end_with_the_first_or_in_their_turn(intake: Intake):
    # Each takes one slice (4 KiB), so that none is seen while the one before is read.
    one = push(1).replace(BODY, b"").replace(b"%d" % len(BODY), b"2", 1)
    padding = b"X-Pad: " + b"x" * (4096 - len(one) - 2 - len(b"X-Pad: \r\n")) + b"\r\n"
    one = one.replace(b"\r\n\r\n", b"\r\n" + padding + b"\r\n", 1) + b"{}"
    with served(intake) as (_, _, sender):
        sender.sendall(one * 60)
        received = b""
        while received.count(b" 401 ") < 60 and (piece := sender.recv(65536)):
            received += piece
        assert received.count(b" 401 ") == 60


def test_sender_that_is_gone_leaves_its_delivery_stored(intake: Intake, waiting: list[Ticket]):
    with served(intake) as (_, _, sender):
        sender.sendall(push(1))
        sender.close()
        time.sleep(0.2)
        apply(waiting, 1)
        assert not waiting


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
def test_second_request_in_a_piece_is_never_answered_in_place_of_the_first(
    intake: Intake, waiting: list[Ticket], closing: bytes
):
    head = request(headers("push", BODY, X_GitHub_Delivery="1" * 36), 0)
    head = head.replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
    chunked = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    second = push(2).replace(b"\r\n\r\n", b"\r\n" + closing + b"\r\n", 1)
    with served(intake) as (_, _, sender):
        sender.sendall(chunked + second)
        until = time.monotonic() + 20
        while not waiting and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)
        (first,) = waiting
        assert first.decision.delivery.guid == "1" * 36
        tell([(first.answer, RuntimeError("not stored"))])
        answer = read_answer(sender)
        assert b" 503 " in answer
        assert CLOSING in answer
        assert sender.recv(1) == b""


def test_long_body_that_came_at_once_goes_the_longer_way(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("listener.http.whole_requests.is_quick", lambda length: length < 100)
    with served(intake) as (app, _, sender):
        sender.sendall(push(1))
        assert read_answer(sender).endswith(APPLIED)
        assert app.tasks == 1


def test_mistake_of_ours_is_answered_with_503(intake: Intake, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> None:
        raise RuntimeError

    with served(intake) as (_, _, sender):
        monkeypatch.setattr("listener.receive_whole.unpack", fail)
        sender.sendall(push(1))
        assert b" 503 " in read_answer(sender)
        monkeypatch.undo()
        sender.sendall(push(2))
        assert read_answer(sender).endswith(APPLIED)


def test_nothing_is_held_back_for_an_app_that_answers_none(intake: Intake):
    assert WholeRequests.answer_whole is None
