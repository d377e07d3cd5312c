"""What this process knows to be stored already, so that it need not be written again.

Every delivery carries its repository. Upserting the same row each time would make all writers
wait for one another (140 instead of 720 transactions a second).
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rows.words import RunKey
from schema.tables.ci import metadata
from store.write.stored_rows import Key, Values, key_of

CACHED = ("repos", "repoaliases", "workflows")
SIZE = 20_000
SECONDS = 600.0
"""An entry is believed no longer than this: the store may be restored or emptied meanwhile."""


RepositoryKey = tuple[str, int]
"""Provider and gitid."""


class Told(NamedTuple):
    """The stored repositories and runs of a batch."""

    repositories: Mapping[RepositoryKey, Any]
    runs: Mapping[RunKey, Any]


class KnownRun(NamedTuple):
    """A run that was stored: its number."""

    Id: int


class ReadMemory:
    """What this process has read of repositories and runs that are stored."""

    def __init__(self) -> None:
        self.repositories = OrderedDict[RepositoryKey, Any]()
        self.runs = OrderedDict[RunKey, KnownRun]()

    def remember(self, told: Told) -> None:
        """Note what was read."""
        note(self.repositories, told.repositories.items())
        note(self.runs, ((key, KnownRun(row.Id)) for key, row in told.runs.items()))

    def forget(self) -> None:
        """Forget all of it."""
        self.repositories.clear()
        self.runs.clear()

    def foresee(self, repositories: Iterable[RepositoryKey], runs: Iterable[RunKey]) -> Told | None:
        """Return these; None where one of them is not known."""
        told = Told(
            {key: self.repositories.get(key) for key in repositories},
            {key: self.runs.get(key) for key in runs},
        )
        return None if None in (*told.repositories.values(), *told.runs.values()) else told


class VersionCache:
    """A bounded memory of the newest version stored per row. Fill it only after a commit."""

    def __init__(self) -> None:
        self.entries: OrderedDict[Key, tuple[float, Any]] = OrderedDict()
        self.reads = ReadMemory()
        self.adoption = (0.0, False)
        """Until when it is believed, and whether older rows wait for their keys."""

    def is_stored(self, table: str, values: Values) -> bool:
        """Tell whether a record at least as new is stored."""
        entry = self.entries.get(identity(table, values))
        if entry is None or entry[0] < time.monotonic():
            return False
        return covers(entry[1], rank(values))

    def remember_all(self, tables: Mapping[str, Iterable[Values]]) -> None:
        """Note rows of several tables, likewise."""
        for table, rows in tables.items():
            self.remember(table, rows)

    def remember(self, table: str, rows: Iterable[Values]) -> None:
        """Note rows that a committed transaction has stored."""
        if table not in CACHED:
            return
        until = time.monotonic() + SECONDS
        for values in rows:
            key, new = identity(table, values), rank(values)
            entry = self.entries.pop(key, None)
            self.entries[key] = (until, joined(entry[1], new) if entry else new)
        while len(self.entries) > SIZE:
            self.entries.popitem(last=False)


def identity(table: str, values: Values) -> Key:
    """Return what names a row over all tables; under another repository it is no known one."""
    return (table, values.get("repoid"), *key_of(metadata.tables[table], values))


def rank(values: Values) -> Any:
    """Return what a record can change: its version, or the span of an alias."""
    if "version" in values:
        return values["version"]
    return (values["firstseen"], values["lastseen"])


def covers(stored: Any, new: Any) -> bool:
    """Tell whether a stored record leaves a new one nothing to change."""
    if isinstance(stored, bytes):
        return bool(stored >= new)
    if None in (*stored, *new):
        return bool(stored == new)
    return bool(stored[0] <= new[0] and stored[1] >= new[1])


def joined(stored: Any, new: Any) -> Any:
    """Return what two records leave stored."""
    if isinstance(stored, bytes):
        return max(stored, new)
    if None in (*stored, *new):
        return new
    return (min(stored[0], new[0]), max(stored[1], new[1]))


def note(memory: OrderedDict[Any, Any], items: Iterable[tuple[Any, Any]]) -> None:
    """Note what is newest, and forget what is oldest."""
    for key, value in items:
        memory.pop(key, None)
        memory[key] = value
    while len(memory) > SIZE:
        memory.popitem(last=False)
