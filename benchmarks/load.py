"""Send requests that are made beforehand, over so many connections at once, and time each."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

SECONDS = 60.0


class Load(NamedTuple):
    """What came of it: times in seconds, each answer's too, and how many said what."""

    seconds: float
    client_seconds: float
    answers: list[float]
    said: Counter[bytes]

    def percentile(self, part: float) -> float:
        """Return the time that such a part of the answers took at most."""
        found = sorted(self.answers)
        return found[min(len(found) - 1, int(part * len(found)))]


def send(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send each request once on a connection of its own, as the listener wants it."""
    answers: list[float] = []
    said: Counter[bytes] = Counter()
    source, lock = iter(requests), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                one = next(source, None)
            if one is None:
                return
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
                connection.sendall(one)
                received = b""
                while piece := connection.recv(65536):
                    received += piece
            answers.append(time.perf_counter() - began)
            said[status(received)] += 1

    threads = [threading.Thread(target=work) for _ in range(connections)]
    cpu, began = time.process_time(), time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return Load(time.perf_counter() - began, time.process_time() - cpu, answers, said)


def status(received: bytes) -> bytes:
    """Return the answer's one word, or its first line where it has none."""
    body = received.rpartition(b"\r\n\r\n")[2]
    return body.split(b'"')[3] if body.count(b'"') >= 4 else received.partition(b"\r\n")[0]
