"""Send deliveries as GitHub would if it never gave up, and note each 2xx before the next step."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.listener.process import reply
from tests.torture.shots import Shot

GIVE_UP = 60.0  # seconds for one answer: longer than any limit that is tested
AGAIN_SECONDS = 0.05


class Answer(NamedTuple):
    """What came back: when it was asked for, how long that took in seconds; code 0 is nothing."""

    guid: str
    code: int
    status: str
    asked: float
    seconds: float


class Sender:
    """Threads that send the same shots once each; `answers` grows while they work."""

    def __init__(self, port: int, those: Iterable[Shot], journal: Path) -> None:
        self.port = port
        self.journal = journal
        self.answers: list[Answer] = []
        self.stored = 0
        self.pace: float | None = None
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.source = iter(those)
        self.threads: list[threading.Thread] = []

    def start(self, threads: int = 16) -> None:
        """Start sending; each thread has a journal of its own."""
        for number in range(threads):
            file = self.journal / f"journal{number}"
            one = threading.Thread(target=self.work, args=(file,), daemon=True)
            self.threads.append(one)
            one.start()

    def take(self) -> Shot | None:
        """Return the next shot; None at the end."""
        with self.lock:
            return next(self.source, None)

    def work(self, file: Path) -> None:
        """Send shots until none is left, or until told to stop."""
        with file.open("ab", buffering=0) as journal:
            while not self.stopped.is_set() and (one := self.take()) is not None:
                while self.send(one).code // 100 != 2:
                    if self.stopped.wait(AGAIN_SECONDS):
                        return
                journal.write(f"{one.guid}\n".encode())
                os.fsync(journal.fileno())
                with self.lock:
                    self.stored += 1
                if self.pace:
                    time.sleep(self.pace)

    def send(self, one: Shot) -> Answer:
        """Send a delivery once."""
        asked, code, status = time.monotonic(), 0, "no answer"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=GIVE_UP) as connection:
                connection.sendall(one.request)
                got = reply(connection)
                code, status = got.code, str((got.json or {}).get("status"))
        except (OSError, ValueError, IndexError) as error:
            status = type(error).__name__
        answer = Answer(one.guid, code, status, asked, time.monotonic() - asked)
        self.answers.append(answer)
        return answer

    def join(self, seconds: float) -> None:
        """Wait for the end. Raises TimeoutError."""
        until = time.monotonic() + seconds
        for one in self.threads:
            one.join(max(0, until - time.monotonic()))
            if one.is_alive():
                raise TimeoutError(f"{self.stored} stored after {seconds} s")

    def stop(self) -> None:
        """Let every thread end after its present step."""
        self.stopped.set()
        self.join(GIVE_UP + 10)

    def statuses(self) -> Counter[str]:
        """Count the answers by what they say."""
        return Counter(answer.status for answer in self.answers)

    def slowest(self) -> float:
        """Return how long the slowest answer took, in seconds."""
        return max((answer.seconds for answer in self.answers if answer.code), default=0.0)

    def percentile(self, part: float, since: float = 0.0, until: float = 1e18) -> float:
        """Return the time that so many of the answers took at most, by when they were asked for."""
        found = sorted(
            one.seconds for one in self.answers if one.code and since <= one.asked < until
        )
        return found[min(len(found) - 1, int(part * len(found)))] if found else 0.0


def noted(journal: Path) -> set[str]:
    """Return the guids of all journals: what the sender was told is stored."""
    files = journal.glob("journal*")
    return {line for file in files for line in file.read_text().split("\n")[:-1]}
