"""The requests of a process that are not whole yet: what they may hold, and who goes first.

Nobody is known before a body is whole and its signature right, so each scarce place has a rule that
asks for no name: the oldest goes. What GitHub sends is whole in a moment, so to throw it out a
stranger must fill all places anew within that moment.
"""

import resource
from typing import Protocol

from runtime.log import ChangeAlert

MOST_CONNECTIONS = 4096
RESERVED_FILES = 128
"""Descriptors for the database, the spool, the log and what is being answered."""
HELD_BYTES = 128 * 1024 * 1024
"""Of heads and bodies on their way, and of bodies in pieces until they are answered."""

UNPACED_BYTES = 1024 * 1024
"""Of each body; nearly all that GitHub sends is shorter."""
PACE = 32 * 1024 * 1024
"""Bytes a second of all longer ones: reading faster takes the processor from what is stored."""
PIECES = 64 * 1024
"""Chunks a second beyond what a body may have free, of all bodies: each costs a microsecond."""


class Pace:
    """What all share, so much a second: who wants more waits for those before."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.free_at = 0.0

    def pause(self, size: int, now: float) -> float:
        """Return the seconds to wait before more is read of who has sent so much."""
        self.free_at = max(self.free_at, now) + size / self.rate
        return self.free_at - now


class Sender(Protocol):
    """A connection whose request is on its way; `held` are its bytes here."""

    held: int

    def drop(self) -> None:
        """End at once."""


class Unfinished:
    """One per process, in the order of their arrival."""

    def __init__(self, most: int = MOST_CONNECTIONS, held: int = HELD_BYTES) -> None:
        self.most, self.most_held = most, held
        self.senders: dict[Sender, None] = {}
        self.held = 0
        self.bytes, self.pieces = Pace(PACE), Pace(PIECES)
        self.alert = ChangeAlert("unfinished requests are dropped", "unfinished requests are few")

    def add(self, sender: Sender) -> None:
        """Note a new connection."""
        self.senders[sender] = None
        if len(self.senders) > self.most:
            self.drop_oldest("too many connections")

    def hold(self, sender: Sender, size: int) -> None:
        """Note bytes of a request that is not whole."""
        sender.held += size
        self.held += size
        while self.held > self.most_held and self.senders:
            self.drop_oldest("too many bytes")

    def drop_oldest(self, cause: str) -> None:
        """End the request that is on its way for the longest time."""
        self.alert.warn(cause)
        oldest = next(iter(self.senders))
        self.forget(oldest)
        oldest.drop()

    def finish(self, sender: Sender) -> None:
        """Note that a request is whole: it is dropped no more, and holds its bytes."""
        self.senders.pop(sender, None)

    def forget(self, sender: Sender) -> None:
        """Note that a connection and its bytes are gone."""
        self.senders.pop(sender, None)
        self.held -= sender.held
        sender.held = 0
        is_calm = len(self.senders) < self.most // 2 and self.held < self.most_held // 2
        if is_calm and self.alert.cause is not None:
            self.alert.clear()


UNFINISHED = Unfinished()
"""Of this process; its worker sets how many."""


def connections_for_files() -> int:
    """Allow this process as many descriptors as its connections need; return how many they are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(soft - RESERVED_FILES, soft // 2))
