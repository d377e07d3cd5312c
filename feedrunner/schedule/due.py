"""A feed's manifest and its last loads -> when it is to be loaded next."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, select

from engines import database_time
from feedrunner.manifest import Manifest
from feedrunner.process import AGAIN, MISCONFIGURED, sources_of
from schema.tables import packages as tables
from store.feeds.past_loads import KILLED, is_killed

PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 30)]
"""Before a feed is tried sooner, after the first failure, the second and the third in a row."""
EPOCH = datetime(1970, 1, 1)
DAY = timedelta(days=1)


class PastLoad(NamedTuple):
    """A load that began, and how it ended; a time of its end is missing while it runs."""

    state: str
    start: datetime
    end: datetime | None
    exitcode: int | None
    error: str | None

    @property
    def is_to_be_tried_soon(self) -> bool:
        return self.exitcode == AGAIN or self.error == KILLED


def next_time(manifest: Manifest, loads: Sequence[PastLoad], *, waits: bool) -> datetime | None:
    """Return when a feed is due, `loads` the newest first; None where it waits to be set up.

    What was never loaded is due at once; what is overdue is loaded once. `waits`: nothing was
    changed since its program said that it is not set up.
    """
    if not loads:
        return EPOCH
    last = loads[0]
    if last.exitcode == MISCONFIGURED:
        return None if waits else EPOCH
    in_row = next(
        (number for number, load in enumerate(loads) if not load.is_to_be_tried_soon), len(loads)
    )
    usual = slot_after(manifest, last.start)
    if 0 < in_row <= len(PAUSES):
        return min(usual, (last.end or last.start) + PAUSES[in_row - 1])
    return usual


def slot_after(manifest: Manifest, time: datetime) -> datetime:
    """Return a feed's next usual time after one at which it was loaded."""
    if manifest.at is not None:
        hour, minute = manifest.at
        today = time.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return today if today > time else today + DAY
    span = timedelta(seconds=manifest.every or DAY.total_seconds())
    offset = span * (int(hashlib.sha256(manifest.name.encode()).hexdigest()[:8], 16) / 2**32)
    earliest = time + span / 2  # a slot soon after a first load is left out
    slots = -((EPOCH + offset - earliest) // span)
    return EPOCH + offset + slots * span


def setup_hash(manifest: Manifest, environ: Mapping[str, str]) -> str:
    """Return a hash of what a feed is set up by: its manifest, and what its sources are."""
    path = manifest.folder / "feed.toml"
    text = path.read_bytes() if path.is_file() else b""
    seen = sources_of(manifest, environ)
    files = [value for name, value in seen.items() if name.endswith("_FILE")]
    stats = [read_file(value) for value in files]
    said = orjson.dumps([sorted(seen.items()), stats])
    return hashlib.sha256(text + said).hexdigest()


def read_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def past_loads(connection: Connection, feed: str) -> list[PastLoad]:
    """Return the newest loads of a feed, the newest first.

    Those that began after now are of a clock that was put right since.
    """
    c = tables.load_history.c
    query = select(c.state, c.starttime, c.endtime, c.exitcode, c.error).where(c.feed == feed)
    query = query.where(c.starttime <= database_time(connection))
    newest = query.order_by(c.starttime.desc(), c.Id.desc()).limit(len(PAUSES) + 1)
    loads = [PastLoad(*row) for row in connection.execute(newest)]
    if loads and is_killed(connection, feed, loads[0].state):
        loads[0] = loads[0]._replace(error=KILLED)
    return loads


def due_time(
    connection: Connection, manifest: Manifest, environ: Mapping[str, str]
) -> datetime | None:
    """Return when a feed is due, in UTC without zone; None where it waits to be set up."""
    loads = past_loads(connection, manifest.name)
    states = tables.feedstates
    waits = False
    if loads and loads[0].exitcode == MISCONFIGURED:
        setup = connection.scalar(select(states.c.setup).where(states.c.feed == manifest.name))
        waits = setup == setup_hash(manifest, environ)
    return next_time(manifest, loads, waits=waits)
