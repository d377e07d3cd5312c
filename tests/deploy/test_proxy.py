"""Slow clients hold nobody up: nginx takes them upon itself, and the listener bears them."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listener.process import ROOT, Listener, reply, request, running
from tests.listener.sending import headers, recorded
from tests.servers import executable, free_port

BODY = recorded("workflow_run__completed_success")
SLOW = 200


@contextlib.contextmanager
def proxy(listener: Listener, folder: Path, *, buffered: bool = True) -> Iterator[int]:
    """Run the shipped nginx in front of a listener; give its port.

    Not `buffered` it passes bodies on as they come, as others write their configuration.
    """
    nginx = executable("nginx")
    assert nginx, "apt-get install nginx-light"
    port, text = free_port(), (ROOT / "deploy/nginx.conf").read_text()
    for old, new in (
        ("listener:5000", f"127.0.0.1:{listener.port}"),
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        (" /tmp/", f" {folder}/"),
        ("proxy_request_buffering on", f"proxy_request_buffering {'on' if buffered else 'off'}"),
    ):
        assert old in text
        text = text.replace(old, new)
    text += "daemon off;\n" + ("user root;\n" if os.geteuid() == 0 else "")
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([nginx, "-e", "stderr", "-c", str(folder / "nginx.conf")])
    try:
        until = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def slow_clients(port: int) -> Iterator[None]:
    """Hold connections that have sent half a header, and others that have sent half a body."""
    head = request(headers("workflow_run", BODY), len(BODY))
    with contextlib.ExitStack() as held:
        for part in (head[:40], head + BODY[:200]):
            for _ in range(SLOW):
                one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                one.sendall(part)
        yield


def deliver(port: int, seconds: float) -> int:
    """Send an ordinary delivery; return the code, 0 when none came in time."""
    told = {**headers("workflow_run", BODY), "Connection": "close"}
    sent = request(told, len(BODY)) + BODY
    with (
        contextlib.suppress(TimeoutError),
        socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection,
    ):
        connection.sendall(sent)
        return reply(connection).code
    return 0


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with running(tmp_path) as one:
        yield one


def test_slow_clients_hold_nobody_up_behind_the_proxy(listener: Listener, tmp_path: Path):
    with proxy(listener, tmp_path) as port, slow_clients(port):
        codes = [deliver(port, 5) for _ in range(50)]
    assert codes == [200] * 50


def test_slow_clients_hold_nobody_up_without_the_proxy_either(listener: Listener):
    with slow_clients(listener.port):
        codes = [deliver(listener.port, 5) for _ in range(50)]
    assert codes == [200] * 50


def test_body_over_25_mib_is_refused_by_the_proxy(listener: Listener, tmp_path: Path):
    with (
        proxy(listener, tmp_path) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
    ):
        connection.sendall(request(headers("workflow_run", BODY), 26 * 1024 * 1024))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("buffered", [True, False])
def test_chunked_body_behind_the_proxy_is_stored_as_it_was_signed(
    listener: Listener, tmp_path: Path, *, buffered: bool
):
    told = {**headers("workflow_run", BODY), "Transfer-Encoding": "chunked", "Connection": "close"}
    with (
        proxy(listener, tmp_path, buffered=buffered) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
    ):
        connection.sendall(request(told, None))
        for begin in range(0, len(BODY), 5000):
            piece = BODY[begin : begin + 5000]
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            time.sleep(0.02)
        connection.sendall(b"0\r\n\r\n")
        assert reply(connection).code == 200
    with contextlib.closing(sqlite3.connect(tmp_path / "data/shark_dashboard.db")) as store:
        stored = store.execute("SELECT state, body FROM deliveries").fetchall()
    assert [(state, zlib.decompress(body)) for state, body in stored] == [("applied", BODY)]


def test_chunked_body_over_25_mib_is_refused_behind_a_proxy_that_passes_it_on(
    listener: Listener, tmp_path: Path
):
    told = {**headers("workflow_run", BODY), "Transfer-Encoding": "chunked", "Connection": "close"}
    piece = b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20))
    with (
        proxy(listener, tmp_path, buffered=False) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
    ):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request(told, None))
            for _ in range(26):
                connection.sendall(piece)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
