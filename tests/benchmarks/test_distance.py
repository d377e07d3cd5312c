"""The proxy delays by what it says, and changes nothing else."""

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.distance import away

FAR = 0.02


@pytest.fixture
def echo() -> Iterator[int]:
    """Give the port of a server that sends back what it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def answer(connection: socket.socket) -> None:
    with connection:
        while piece := connection.recv(1 << 16):
            connection.sendall(piece)


def received(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = connection.recv(1 << 16)
        assert piece, "the connection was closed"
        found += piece
    return found


def trips(port: int) -> list[float]:
    """Return the seconds of ten round trips, one after the other."""
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(10):
            began = time.perf_counter()
            connection.sendall(b"?")
            received(connection, 1)
            times.append(time.perf_counter() - began)
    return times


def test_round_trip_takes_longer_by_the_distance(echo: int):
    near = statistics.median(trips(echo))
    with away(echo, FAR) as port:
        far = trips(port)
    assert min(far) >= FAR
    assert statistics.median(far) < near + 3 * FAR


def test_stream_is_delayed_and_not_throttled(echo: int):
    pieces = [bytes([number]) * 1000 for number in range(100)]
    with (
        away(echo, FAR) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        began = time.perf_counter()
        for one in pieces:
            connection.sendall(one)
            time.sleep(0.001)  # apart, so that each is delayed by itself
        assert received(connection, 100_000) == b"".join(pieces)
        assert time.perf_counter() - began < 100 * FAR


def test_end_of_a_stream_is_passed_on(echo: int):
    with (
        away(echo, FAR) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        assert received(connection, 10) == b"last words"
        assert connection.recv(1) == b""


def test_proxy_ends_with_whoever_started_it(echo: int):
    starter = (
        "import os\n"
        "from benchmarks.distance import away\n"
        f"with away({echo}, 0.01) as port:\n"
        "    print(port, flush=True)\n"
        "    os._exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", starter], capture_output=True, check=False)
    port, until = int(done.stdout), time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the proxy still listens")
