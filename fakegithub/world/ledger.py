"""The world's log: each state of each thing in order, and the clock that dates them.

A moment is a place in the log (`seq`, the number of changes before it), so that two changes within
one second stay apart; a time stands for the moment after its last change.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

from fakegithub.payloads.git_objects import DAY
from fakegithub.world.entities import Change, State

# GitHub's ids passed 2^31 long ago; runs, jobs and deliveries start above 2^40 here, so that a
# column or a float that is too narrow for them shows.
FIRST_IDS = {
    "repo": 591_427_149,
    "workflow": 302_000_000,
    "run": 2**40 + 28_150_463_320,
    "job": 2**41 + 83_456_000_000,
    "hook": 109_948_940,
    "delivery": 2**42 + 12_345_678_901,
}


class Ledger:
    """The log with its clock; the base of `World`."""

    def __init__(self, *, seed: int = 0, start: datetime = DAY) -> None:
        self.seed = seed
        self.now = int(start.timestamp())
        self.random = Random(seed)
        self.log: list[Change] = []
        self.times = array("q")
        self.versions: dict[str, dict[Any, list[int]]] = {}
        self.members: dict[tuple[str, Any], list[Any]] = {}
        self.names: dict[str, list[tuple[int, int]]] = {}
        # While no run was deleted, lists of runs need not look at each one.
        self.deleted_runs = 0
        self._ids = dict(FIRST_IDS)
        self._silent = False

    @property
    def time(self) -> datetime:
        """The world's clock as an aware time."""
        return datetime.fromtimestamp(self.now, UTC)

    def advance(self, seconds: int) -> None:
        """Move the clock on; it never goes back."""
        if seconds < 0:
            raise ValueError(f"the clock cannot go back by {-seconds} s")
        self.now += seconds

    def new_id(self, kind: str) -> int:
        """Return the next numeric id of a kind, with gaps as at GitHub."""
        self._ids[kind] += self.random.randrange(1, 40)
        return self._ids[kind]

    @contextmanager
    def silently(self) -> Iterator[None]:
        """Let changes happen for which GitHub makes no delivery at all."""
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before

    def record(
        self,
        kind: str,
        key: object,
        state: State | None,
        *,
        repo_id: int,
        event: str | None = None,
        action: str | None = None,
        detail: object = None,
    ) -> None:
        """Append one change; `event` None means that nothing is delivered for it."""
        if self._silent:
            event = None
        # Readers in other threads see the log first, then the version that points into it.
        self.log.append(Change(self.now, kind, key, state, event, action, detail, repo_id))
        self.times.append(self.now)
        self.versions.setdefault(kind, {}).setdefault(key, []).append(len(self.log) - 1)

    def add_member(self, kind: str, owner: object, key: object) -> None:
        """Note that `key` belongs to `owner` (a run to its repository, a job to its run)."""
        self.members.setdefault((kind, owner), []).append(key)

    def seq_at(self, time: int | None) -> int:
        """Return the moment after the last change at or before `time` (None: the newest)."""
        return len(self.times) if time is None else bisect_right(self.times, time)

    def state(self, kind: str, key: object, seq: int | None = None) -> Any:
        """Return the state of a thing at a moment, or None when it is not there."""
        versions = self.versions.get(kind, {}).get(key)
        if not versions:
            return None
        if seq is None or versions[-1] < seq:
            return self.log[versions[-1]].state
        place = bisect_left(versions, seq)
        return self.log[versions[place - 1]].state if place else None

    def history(self, kind: str, key: object, seq: int | None = None) -> list[Any]:
        """Return all states of a thing up to a moment, oldest first."""
        versions = self.versions.get(kind, {}).get(key, [])
        if seq is not None:
            versions = versions[: bisect_left(versions, seq)]
        return [self.log[place].state for place in versions]

    def claim(self, full_name: str, repo_id: int) -> None:
        """Note that a full name now means this repository."""
        self.names.setdefault(full_name.lower(), []).append((len(self.log), repo_id))

    def named(self, full_name: str, seq: int | None = None) -> int | None:
        """Return the id that a full name, present or former, means at a moment."""
        seq = len(self.log) if seq is None else seq
        claims = [repo_id for at, repo_id in self.names.get(full_name.lower(), []) if at < seq]
        return claims[-1] if claims else None
