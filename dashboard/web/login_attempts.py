"""Count wrong passwords by address, so that trying them all takes for ever."""

import threading
from collections import OrderedDict
from collections.abc import Callable

ALLOWED = 5
SECONDS = 60.0
"""After so many wrong ones within this time, an address waits until it is over."""
ADDRESSES = 10_000


class LoginAttempts:
    """The wrong passwords of the last moments; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.wrong: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return for how many seconds an address may not try, 0 when it may."""
        now = self.clock()
        with self.lock:
            recent = [one for one in self.wrong.get(address, ()) if now - one < SECONDS]
        return SECONDS - (now - recent[0]) if len(recent) >= ALLOWED else 0.0

    def note(self, address: str) -> None:
        """Note a wrong password."""
        with self.lock:
            recent = self.wrong.pop(address, [])
            self.wrong[address] = [*recent[1 - ALLOWED :], self.clock()]
            while len(self.wrong) > ADDRESSES:
                self.wrong.popitem(last=False)
