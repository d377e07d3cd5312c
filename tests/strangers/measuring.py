"""How long signed deliveries take while strangers attack."""

import contextlib
import json
import socket
import time
from typing import NamedTuple

from tests.listener.process import Listener, reply, request
from tests.listener.sending import changed, headers
from tests.strangers.attacks import Attack, attacking

SHORT, LONG = 20_000, 600_000
LIMIT_SECONDS = 2.0
NEVER = 60.0


class Outcome(NamedTuple):
    """Seconds of the slowest delivery of either length; `asked` is how many were sent."""

    short: float
    long: float
    asked: int
    connections: float
    """Made by strangers in a second."""
    sent: float
    """Bytes of strangers in a second."""

    @property
    def is_good(self) -> bool:
        """Tell whether each was stored in time."""
        return max(self.short, self.long) < LIMIT_SECONDS


def measure(listener: Listener, attack: Attack, seconds: float) -> Outcome:
    """Deliver signed pushes, short and long in turn, while an attack goes on."""
    slowest, asked = {SHORT: 0.0, LONG: 0.0}, 0
    with attacking(listener.port, attack) as spent:
        time.sleep(2)
        began = time.monotonic()
        before = spent.read()
        while time.monotonic() - began < seconds:
            for length in slowest:
                slowest[length] = max(slowest[length], deliver(listener.port, length))
                asked += 1
            time.sleep(0.1)
        took = time.monotonic() - began
        made, sent = (now - then for now, then in zip(spent.read(), before, strict=True))
    return Outcome(slowest[SHORT], slowest[LONG], asked, made / took, sent / took)


def deliver(port: int, length: int) -> float:
    """Return the seconds in which a delivery of a length was stored, NEVER where it was not."""
    body = padded(length)
    raw = request(headers("push", body), len(body)) + body
    began = time.monotonic()
    with contextlib.suppress(OSError, IndexError):
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        with contextlib.closing(connection):
            connection.sendall(raw)
            if reply(connection).code in (200, 202):
                return time.monotonic() - began
    return NEVER


def padded(length: int) -> bytes:
    """Return a push of a length."""
    body = changed("push__branch_created", more="")
    filling = "x" * (length - len(body))
    return json.dumps({**json.loads(body), "more": filling}).encode()
