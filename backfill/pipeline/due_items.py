"""Items that could not be read: each named, left due with a growing pause; the others go on.

An item is one thing of many that are asked for alike: a run's jobs, an attempt, a comparison, a
delivery of a hook's log, a span of a list. What is noted outlives the process.
"""

import json
import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.records import BEGINNING
from engines import reading
from engines.lease import is_over
from engines.transaction import transact
from rows import Unmappable
from store.deliveries.table import now as clock
from store.state import notes

UNREAD = "unread"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
DOUBLED = 9
FORGOTTEN = timedelta(days=1)
"""What nobody asked for so long after it was due is not wanted any more."""
IN_ROW = 16
"""So many items that fail with none between them that does not: then it may be the server."""
MOST_REFUSED = 3
"""So many in a row that may not be seen: then the key lacks a permission for all of them."""
LONGEST_NAME = 400

Result = TypeVar("Result")


class DueItem(NamedTuple):
    """How often an item was asked for in vain, when it is due again, and what went wrong."""

    tries: int
    duetime: datetime
    why: str
    forbidden: bool = False
    """Whether the key may not see it."""
    refused: bool = False
    """Whether it was answered: in smaller parts, too, it would be."""


class DueItems:
    """What of each owner (a repository's number, a hook's path) could not be read.

    Used from many threads. One for all that a process reads between two looks at the store. What
    the key may not see has no pause where `asks_forbidden`: somebody started a command, and may
    have given the key its permission. What is forbidden still ends a phase after a few.
    """

    def __init__(self, engine: Engine, *, asks_forbidden: bool = False) -> None:
        self.engine = engine
        self.asks_forbidden = asks_forbidden
        self.lock = threading.Lock()
        self.items: dict[tuple[str, str], DueItem] | None = None
        self.in_row = 0
        self.asked_here = set[tuple[str, str]]()

    def noted(self) -> dict[tuple[str, str], DueItem]:
        """Return what is noted, read from the store once."""
        with self.lock:
            if self.items is None:
                with reading(self.engine).connect() as connection:
                    stored = notes.named(connection, UNREAD)
                read = {parse_subject(subject): parse(text) for subject, text in stored.items()}
                limit = clock() - FORGOTTEN
                self.items = {key: item for key, item in read.items() if item.duetime > limit}
            return self.items

    def is_due(self, owner: object, name: str) -> bool:
        """Tell whether an item may be asked for: not before its pause is over."""
        key = (str(owner), name[:LONGEST_NAME])
        item = self.noted().get(key)
        if item and item.forbidden and self.asks_forbidden and key not in self.asked_here:
            return True
        return item is None or is_over(item.duetime, clock(), LONGEST_PAUSE)

    def is_refused(self, owner: object, name: str) -> bool:
        """Tell whether what could not be read of an item was answered, and would be in parts."""
        item = self.noted().get((str(owner), name[:LONGEST_NAME]))
        return item is not None and item.refused

    def is_noted(self, owner: object, name: str) -> bool:
        """Tell whether an item could not be read."""
        return (str(owner), name[:LONGEST_NAME]) in self.noted()

    def count_alike(self, owner: object, prefix: str) -> int:
        """Return how many of an owner's items could not be read whose names begin alike."""
        items = self.noted()
        with self.lock:
            return sum(of == str(owner) and name.startswith(prefix) for of, name in items)

    def end_pauses(self, owner: object) -> None:
        """Let all of an owner's items be due: somebody wants them now."""
        items, time = self.noted(), clock()
        with self.lock:
            for key, item in items.items():
                if key[0] == str(owner):
                    items[key] = item._replace(duetime=time)

    def read(
        self,
        client: Client,
        owner: object,
        name: str,
        home: str,
        ask: Callable[[], Result],
        most_refused: int = MOST_REFUSED,
    ) -> Result | None:
        """Return what `ask` returns; None for an item that is not due, or fails.

        `home` is a path that answers as long as the server does. Raises ApiError for a key that is
        refused, for what is refused of all items alike, `most_refused` in a row, and when the
        server itself is away.
        """
        if not self.is_due(owner, name):
            return None
        try:
            result = ask()
        except (ApiError, Unmappable) as error:
            problem = error if isinstance(error, ApiError) else ApiError(str(error))
            if problem.is_bad_key:
                raise
            self.note_failure(owner, name, problem)
            self.in_row += 1
            if problem.is_forbidden and self.in_row >= most_refused:
                raise
            if self.in_row % IN_ROW == 0:
                client.get(home)
            return None
        self.note_success(owner, name)
        return result

    def note_failure(self, owner: object, name: str, problem: ApiError) -> None:
        """Note that an item could not be read, and when it is asked for again."""
        key = (str(owner), name[:LONGEST_NAME])
        before = self.noted().get(key)
        tries = before.tries if before else 0
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, DOUBLED))
        item = DueItem(
            tries + 1,
            clock() + pause,
            str(problem),
            forbidden=problem.is_forbidden,
            refused=not problem.is_unsteady,
        )
        self.asked_here.add(key)
        self.put(key, item)

    def note_success(self, owner: object, name: str) -> None:
        """Note that an item was read."""
        self.in_row = 0
        self.forget(owner, name)

    def forget(self, owner: object, name: str) -> None:
        """Note nothing of an item any more: it was read, or others stand in its place."""
        key = (str(owner), name[:LONGEST_NAME])
        if key in self.noted():
            self.put(key, None)

    def rename(self, owner: object, name: str, after: str) -> None:
        """Note an item under another name, as far as it is not read; it is due at once.

        Under the same name only one that was refused is.
        """
        item = self.noted().get((str(owner), name[:LONGEST_NAME]))
        if item is not None and (item.refused or after != name):
            self.forget(owner, name)
            self.put((str(owner), after[:LONGEST_NAME]), item._replace(duetime=clock()))

    def join(self, owner: object, prefix: str, name: str, problem: ApiError) -> None:
        """Note one item in the place of those of an owner that are refused for the same reason."""
        why, items = str(problem), self.noted()
        with self.lock:
            owned = [(key[1], item.why) for key, item in items.items() if key[0] == str(owner)]
        for alike, reason in owned:
            if alike.startswith(prefix) and reason == why:
                self.forget(owner, alike)
        self.note_failure(owner, name, problem)

    def put(self, key: tuple[str, str], item: DueItem | None) -> None:
        """Keep what is known of an item; None of one that was read."""
        text = json.dumps({**item._asdict(), "duetime": item.duetime.isoformat()}) if item else None
        transact(self.engine, lambda c: notes.put(c, " ".join(key), UNREAD, text))
        items = self.noted()
        with self.lock:
            if item is None:
                items.pop(key, None)
            else:
                items[key] = item

    def forget_others(self, owner: object, prefix: str, wanted: Collection[str]) -> None:
        """Note nothing more of an owner's items of one kind, but of the wanted."""
        items = self.noted()
        with self.lock:
            names = [name for key, name in items if key == str(owner) and name.startswith(prefix)]
        for name in names:
            if name not in wanted:
                self.forget(owner, name)

    def list_open(self, owner: object) -> list[str]:
        """Return in a sentence each what of an owner is not read."""
        items = self.noted()
        with self.lock:
            wanted = sorted((key, item) for key, item in items.items() if key[0] == str(owner))
        return [f"{shown(name)}: {item.why}; left due" for (_, name), item in wanted]


def shown(name: str) -> str:
    """Return how people are told an item's name: a span from the beginning on has an end alone."""
    return name.replace(f"{BEGINNING} to ", "until ", 1)


def parse_subject(subject: str) -> tuple[str, str]:
    """Return the owner and the name that a note is about."""
    owner, _, name = subject.partition(" ")
    return owner, name


def parse(text: str) -> DueItem:
    """Return a note as it was written."""
    note = json.loads(text)
    due = datetime.fromisoformat(note["duetime"])
    is_forbidden, is_refused = note.get("forbidden", False), note.get("refused", False)
    return DueItem(note["tries"], due, note["why"], is_forbidden, is_refused)
