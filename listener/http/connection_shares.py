"""How many connections each process of a listener holds, known to all: none keeps more than others.

Of the processes that share a socket the one that wakes first takes all that connect at once. Where
these stay open it answers everything for good: of 16, 14 and 2 were served at two thirds of the
rate of 8 and 8. Who is answered by a process that has too many is asked to connect anew.
"""

import mmap
from typing import Any

SPREAD = 1
"""Connections that a process may have more than another."""
FREE, ENDING = -1, -2
BYTES = 8
"""Of a count."""


class ConnectionShares:
    """Counts in memory that a master and its processes share, each in a place of its own."""

    def __init__(self, places: int = 0) -> None:
        """Make so many places, before processes are forked; without any there is nothing to share.

        There should be more than processes: those of before a restart, or two, end after it.
        """
        self.counts = memoryview(mmap.mmap(-1, max(places, 1) * BYTES)).cast("q")[:places]
        for place in range(places):
            self.counts[place] = FREE
        self.place: int | None = None
        """Of this process."""

    def claim(self, _: Any, worker: Any) -> None:
        """Give a process a place before it is forked (gunicorn's `pre_fork`), if one is free."""
        taken = list(self.counts)
        worker.place = self.place = taken.index(FREE) if FREE in taken else None
        if self.place is not None:
            self.counts[self.place] = 0

    def give_back(self, _: Any, worker: Any) -> None:
        """Free the place of a process that has ended, however it did (`child_exit`)."""
        if worker.place is not None:
            self.counts[worker.place] = FREE

    def add(self, number: int) -> None:
        """Count connections of this process that were made, or (less than 0) are gone."""
        if self.place is not None:
            self.counts[self.place] += number

    def end(self) -> None:
        """Count this process no more: it takes no connections."""
        if self.place is not None:
            self.counts[self.place] = ENDING
            self.place = None

    def has_too_many(self) -> bool:
        """Tell whether a connection of this process had better be another one's."""
        if self.place is None:
            return False
        least = min(count for count in self.counts if count >= 0)
        return self.counts[self.place] > least + SPREAD


SHARES = ConnectionShares()
"""Those of this process: the master's, made by `listener/uvicorn_worker.py`."""
