"""Connections that stay open are shared among the processes of a listener."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from listener.http.connection_shares import ConnectionShares
from tests.listener.process import request
from tests.listener.sending import headers, recorded
from tests.listener.wire.test_kept_connections import read_answer
from tests.torture.stage import Stage

BODY = recorded("ping__organization")
CLOSING = b"connection: close"
ESTABLISHED = "01"


def forked(shares: ConnectionShares) -> SimpleNamespace:
    """Return a worker as gunicorn makes one, which has claimed a place."""
    worker = SimpleNamespace()
    shares.claim(None, worker)
    return worker


def test_process_with_more_connections_than_another_has_too_many():
    shares = ConnectionShares(4)
    forked(shares)
    forked(shares)
    shares.add(1)
    assert not shares.has_too_many()
    shares.add(1)
    assert shares.has_too_many()
    shares.add(-1)
    assert not shares.has_too_many()


def test_process_alone_never_has_too_many():
    shares = ConnectionShares(2)
    forked(shares)
    shares.add(100)
    assert not shares.has_too_many()


def test_process_without_a_place_shares_nothing():
    shares = ConnectionShares(1)
    first, second = forked(shares), forked(shares)
    assert (first.place, second.place) == (0, None)
    shares.add(100)
    assert not shares.has_too_many()
    shares.give_back(None, second)
    assert shares.counts[0] == 0


def test_place_of_a_process_that_has_ended_is_anothers_from_zero():
    shares = ConnectionShares(2)
    first = forked(shares)
    shares.add(7)
    shares.give_back(None, first)
    assert (forked(shares).place, shares.counts[0]) == (0, 0)


def test_process_that_ends_is_no_measure_for_those_after_it():
    """It takes no connections and has none soon: others would close theirs until it is gone."""
    shares = ConnectionShares(3)
    ending = forked(shares)
    shares.end()
    shares.add(-1)
    assert not shares.has_too_many()
    forked(shares)
    shares.add(7)
    assert not shares.has_too_many()
    forked(shares)
    assert list(shares.counts)[1:] == [7, 0]
    shares.give_back(None, ending)
    assert forked(shares).place == 0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage("mariadb", tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "head first"])
def test_connections_that_one_process_took_are_shared_while_they_are_used(
    stage: Stage, in_pieces: bool
):
    first, *others = stage.workers()
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    senders = [connected(stage) for _ in range(12)]
    until = time.monotonic() + 30
    while held(first, stage.port) < len(senders):
        assert time.monotonic() < until, "not all were taken"
        time.sleep(0.01)
    for pid in others:
        os.kill(pid, signal.SIGCONT)
    for _ in range(20):
        for place, sender in enumerate(senders):
            if CLOSING in ask(sender, in_pieces=in_pieces).lower():
                sender.close()
                senders[place] = connected(stage)
    counts = [held(pid, stage.port) for pid in stage.workers()]
    for sender in senders:
        sender.close()
    assert sum(counts) == len(senders)
    assert max(counts) - min(counts) <= 2


def connected(stage: Stage) -> socket.socket:
    """Return a new connection."""
    return socket.create_connection(("127.0.0.1", stage.port), timeout=30)


def ask(sender: socket.socket, *, in_pieces: bool) -> bytes:
    """Return the answer to a request that leaves the connection open.

    In pieces it comes as nginx sends it: its head first.
    """
    head = request(headers("ping", BODY), len(BODY)).replace(b"Connection: close\r\n", b"")
    if not in_pieces:
        sender.sendall(head + BODY)
        return read_answer(sender)
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sender.sendall(head)
    time.sleep(0.002)  # so that it is read alone, mostly
    sender.sendall(BODY)
    return read_answer(sender)


def held(pid: int, port: int) -> int:
    """Return how many connections to a port a process holds.

    https://docs.kernel.org/networking/proc_net_tcp.html
    """
    links = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()]
    sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links}
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(
        own.endswith(f":{port:04X}") and state == ESTABLISHED and fields[5] in sockets
        for _, own, _, state, *fields in lines
    )
