"""What a batch reads first, as it was before: its rows are made and sent without waiting for it.

The server locks the runs of a batch when the transaction before has them no longer, which takes as
long as the disk does. Repositories change rarely, and runs that are stored stay. So the rows follow
at once, and what the server says of both is looked at when the last question is answered. Where it
is something else, all is undone, and done again with what is read.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from rows.words import RunKey

SIZE = 20_000
"""Of a memory of runs; of one of repositories, too."""

Key = tuple[str, int]
"""Of a repository: provider and gitid."""


class Told(NamedTuple):
    """The stored repositories and runs of a batch."""

    repositories: Mapping[Key, Any]
    runs: Mapping[RunKey, Any]


class Unforeseen(Exception):
    """A repository or a run is not what it was."""


class KnownRun(NamedTuple):
    """A run that was stored: its number."""

    Id: int


class ReadMemory:
    """What this process has read of repositories and runs that are stored."""

    def __init__(self) -> None:
        self.repositories = OrderedDict[Key, Any]()
        self.runs = OrderedDict[RunKey, KnownRun]()

    def remember(self, told: Told) -> None:
        """Note what was read."""
        note(self.repositories, told.repositories.items())
        note(self.runs, ((key, KnownRun(row.Id)) for key, row in told.runs.items()))

    def forget(self) -> None:
        """Forget all of it."""
        self.repositories.clear()
        self.runs.clear()

    def foresee(self, repositories: Iterable[Key], runs: Iterable[RunKey]) -> Told | None:
        """Return these; None where one of them is not known."""
        told = Told(
            {key: self.repositories.get(key) for key in repositories},
            {key: self.runs.get(key) for key in runs},
        )
        return None if None in (*told.repositories.values(), *told.runs.values()) else told


class ForeseenReads:
    """What was foreseen, and is to be confirmed."""

    def __init__(self, foreseen: Told, tell: Callable[[], Told], memory: ReadMemory) -> None:
        """Believe in what is foreseen until what is told can be asked for."""
        self.foreseen, self.tell, self.memory = foreseen, tell, memory
        self.told: Told | None = None

    def confirm(self) -> Mapping[RunKey, Any]:
        """Return the stored runs, which are locked. Raises Unforeseen."""
        if self.told is None:
            told = self.tell()
            known = {key: KnownRun(row.Id) for key, row in told.runs.items()}
            if (told.repositories, known) != self.foreseen:
                self.memory.forget()
                raise Unforeseen
            self.memory.remember(told)
            self.told = told
        return self.told.runs


def note(memory: OrderedDict[Any, Any], items: Iterable[tuple[Any, Any]]) -> None:
    """Note what is newest, and forget what is oldest."""
    for key, value in items:
        memory.pop(key, None)
        memory[key] = value
    while len(memory) > SIZE:
        memory.popitem(last=False)
