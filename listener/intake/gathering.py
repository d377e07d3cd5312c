"""How long a batch waits for others that come with it.

What a batch takes hardly depends on how many are in it, and senders that were answered together
come again together. The first of them to be read would be written alone, and all others wait.
"""

import threading
from collections.abc import Callable

MANY = 4
"""Fewer that were on their way at once do not wait for each other: it was by chance."""
SHARE = 0.5
"""Nobody is waited for longer than this part of the time that the batch before took."""
LONGEST = 0.01
"""Nor longer than these seconds: far from the database a queue grows while a batch is written."""


class Gathering:
    """Lets the thread that writes wait until as many are there as were with the batch before."""

    def __init__(self, queued: Callable[[], int], longest: float = LONGEST) -> None:
        """Wait for those that `queued` counts, at most so many seconds."""
        self.queued, self.longest = queued, longest
        self.enough = threading.Event()
        self.wanted = 1
        self.patience = 0.0

    def note(self) -> None:
        """Note that one more is queued."""
        if self.wanted >= MANY and self.is_enough():
            self.enough.set()

    def is_enough(self) -> bool:
        """Tell whether as many are there, with the one in hand."""
        return self.queued() + 1 >= self.wanted

    def wait(self) -> None:
        """Wait a moment, with one delivery in hand, for those that may come with it."""
        self.enough.clear()
        if self.wanted >= MANY and not self.is_enough():
            self.enough.wait(self.patience)

    def learn(self, together: int) -> None:
        """Learn how many are on their way at once, those counted that are about to be answered."""
        self.wanted = together

    def learn_time(self, seconds: float) -> None:
        """Learn how long a batch took."""
        self.patience = min(self.longest, seconds * SHARE)
