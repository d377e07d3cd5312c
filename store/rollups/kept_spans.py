"""What roll-ups of days and nights say, kept as it was read: one that ended hardly ever changes.

A page reads up to 180 days, and reading their JSON is most of its time. What is kept of a span is
of one making of its roll-up (`version`): another one is read anew. What days add up to is kept by
blocks of days: a day that is made anew lets only its own block be added up again. All of it is
shared by requests, so nobody may change it.
"""

import functools
import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

MOST = 32_000_000
"""Characters of JSON whose values are kept of a store; these take three to five bytes for each."""

ENTRY = 500
"""Characters that an entry counts for beside those read: a day that says nothing takes 0.8 to
1.6 KB, too."""

PART = 60
"""Characters that each part of a block's version counts for: 270 bytes of a day."""

Version = tuple[int, datetime]
"""How often a roll-up was made, and when, since all may be deleted and counted from 1 anew."""

BLOCK = 16
"""Days of a block."""


class Made(Protocol):
    """A span with a roll-up."""

    @property
    def begin(self) -> datetime:
        """Its first moment."""

    @property
    def version(self) -> Hashable:
        """Tells one making of it from all others."""


class MadeDay(Made, Protocol):
    """A day with a roll-up."""

    @property
    def is_going_on(self) -> bool:
        """Tell whether the roll-up was made before the day's end: soon another one is."""


class Said(NamedTuple):
    """What a roll-up says of a subject, and of how many characters that was read."""

    value: Any
    size: int


class Block(NamedTuple):
    """Days that follow each other, as they were made."""

    begin: datetime
    version: tuple[Hashable, ...]


class KeptSpans:
    """What is kept of one store: what was asked for longest ago is dropped first."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.size = 0
        self.spans: OrderedDict[tuple[Hashable, datetime], tuple[Hashable, Said]] = OrderedDict()
        self.lock = Lock()

    def find(self, subject: Hashable, spans: Sequence[Made]) -> dict[datetime, Any]:
        """Return what is known of spans at their versions, by their begins."""
        values = {}
        with self.lock:
            for span in spans:
                known = self.spans.get((subject, span.begin))
                if known is not None and known[0] == span.version:
                    values[span.begin] = known[1].value
                    self.spans.move_to_end((subject, span.begin))
        return values

    def keep(self, subject: Hashable, span: Made, said: Said) -> None:
        """Keep what a span says, in place of what it said before."""
        with self.lock:
            known = self.spans.pop((subject, span.begin), None)
            self.size += said.size - (known[1].size if known else 0)
            self.spans[subject, span.begin] = (span.version, said)
            while self.size > self.most:
                self.size -= self.spans.popitem(last=False)[1][1].size


KeptStores = WeakKeyDictionary[Engine, KeptSpans]

KEPT: KeptStores = WeakKeyDictionary()


def read_kept(
    connection: Connection,
    spans: Sequence[Made],
    subject: Hashable,
    read: Callable[[Sequence[datetime]], Mapping[datetime, Said]],
    stores: KeptStores = KEPT,
) -> dict[datetime, Any]:
    """Return what roll-ups of spans say of a subject, by their begins.

    `read` gets the begins of those that are not kept. The spans were read before: what is read
    now may be newer than a span's version, which then is asked for never again, and is not older.
    `stores`: in whose room it is kept.
    """
    kept = stores.setdefault(connection.engine, KeptSpans())
    values = kept.find(subject, spans)
    missing = {span.begin: span for span in spans if span.begin not in values}
    if missing:
        for begin, said in read(list(missing)).items():
            kept.keep(subject, missing[begin], said._replace(size=said.size + ENTRY))
            values[begin] = said.value
    return values


def find_kept(
    connection: Connection, spans: Sequence[Made], subject: Hashable
) -> dict[datetime, Any]:
    """Return what is kept of spans, by their begins."""
    return KEPT.setdefault(connection.engine, KeptSpans()).find(subject, spans)


def add_up_kept(
    connection: Connection,
    days: Sequence[MadeDay],
    subject: Hashable,
    add_up: Callable[[Sequence[Made]], Said],
) -> list[Any]:
    """Return what each block of days adds up to, the oldest first; `add_up` gets one's days.

    A last day that goes on is a block of its own: each delivery lets it be made anew.
    """
    sums = []
    today = days[-1] if days and days[-1].is_going_on else None
    blocks = itertools.groupby(days, lambda day: (day is today, day.begin.toordinal() // BLOCK))
    for _, part in blocks:
        own = tuple(part)
        block = Block(own[0].begin, tuple((day.begin, day.version) for day in own))
        sums.append(
            keep_value(connection, (subject, len(own)), block, functools.partial(add_up, own))
        )
    return sums


def keep_value(
    connection: Connection, subject: Hashable, block: Block, make: Callable[[], Said]
) -> Any:
    """Return what is kept of days as they were made, else make it."""
    kept = KEPT.setdefault(connection.engine, KeptSpans())
    known = kept.find(subject, [block])
    if block.begin in known:
        return known[block.begin]
    said = make()
    own = ENTRY + PART * len(block.version)
    kept.keep(subject, block, said._replace(size=said.size + own))
    return said.value
