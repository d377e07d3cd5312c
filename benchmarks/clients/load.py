"""Send requests that are made beforehand, and time each: as fast as they are taken, or evenly."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

SECONDS = 60.0
MOST = 512
"""Requests under way at once when they are sent evenly; one that waits for its turn is late."""


class Load(NamedTuple):
    """What came of it: times in seconds, each answer's too, and how many said what."""

    seconds: float
    answers: list[float]
    said: Counter[bytes]

    def percentile(self, part: float) -> float:
        """Return the time that such a part of the answers took at most."""
        times = sorted(self.answers)
        return times[min(len(times) - 1, int(part * len(times)))]

    @property
    def number(self) -> int:
        """Return how many were answered."""
        return len(self.answers)

    @property
    def is_applied(self) -> bool:
        """Tell whether every delivery is in the database."""
        return set(self.said) == {b"applied"}

    @property
    def outcome(self) -> str:
        """Return how many answers said what."""
        return listed(self.said)


def listed(said: Counter[bytes]) -> str:
    """Return how many answers said what."""
    return ", ".join(f"{number} {answer.decode()}" for answer, number in said.most_common())


CLOSE = b"Connection: close\r\n"


def kept(request: bytes) -> bytes:
    """Return a request without its wish to close."""
    return request.replace(CLOSE, b"", 1)


def send(
    ports: Sequence[int], requests: Sequence[bytes], connections: int, *, kept: bool = False
) -> Load:
    """Send each request once, on a connection of its own, or on those that the server has `kept`.

    Of the connections that are open at once, each port gets its share.
    """
    answers: list[float] = []
    said: Counter[bytes] = Counter()
    source, lock = iter(requests), threading.Lock()

    def work(port: int) -> None:
        connection = KeptConnection(port)
        while True:
            with lock:
                request = next(source, None)
            if request is None:
                connection.close()
                return
            began = time.perf_counter()
            received = connection.ask(request) if kept else ask(port, request)
            answers.append(time.perf_counter() - began)
            said[status(received)] += 1

    threads = [
        threading.Thread(target=work, args=(ports[place % len(ports)],))
        for place in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - began, answers, said)


def send_evenly(port: int, requests: Sequence[bytes], rate: float) -> Load:
    """Send so many requests a second, whether or not earlier ones were answered.

    Each answer's time counts from the moment that its request was due: one that is sent late
    because all stood still was late for whoever sent it.
    """
    answers: list[float] = []
    said: Counter[bytes] = Counter()

    def work(request: bytes, due: float) -> None:
        try:
            answer = status(ask(port, request))
        except OSError as error:
            answer = f"no answer: {error}".encode()
        answers.append(time.perf_counter() - due)
        said[answer] += 1

    began = time.perf_counter()
    with ThreadPoolExecutor(MOST) as pool:
        for place, request in enumerate(requests):
            due = began + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(work, request, due)
    return Load(time.perf_counter() - began, answers, said)


def ask(port: int, request: bytes) -> bytes:
    """Return the answer to a request. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(request)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


class KeptConnection:
    """A connection that is used again until the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> bytes:
        """Return the answer to a request, which is sent without a wish to close. Raises OSError."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        self.socket.sendall(kept(request))
        received, end = b"", -1
        while end < 0 or len(received) < end:
            if not (piece := self.socket.recv(65536)):
                break
            received += piece
            head, found, _ = received.partition(b"\r\n\r\n")
            if found and end < 0:
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                end = len(head) + 4 + int(length or 0)
        if b"connection: close" in received.lower():
            self.close()
        return received

    def close(self) -> None:
        """Close it; the next request makes a new one."""
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def status(received: bytes) -> bytes:
    """Return the answer's one word, or its first line where it has none."""
    body = received.rpartition(b"\r\n\r\n")[2]
    return body.split(b'"')[3] if body.count(b'"') >= 4 else received.partition(b"\r\n")[0]
