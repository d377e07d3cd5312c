"""Named SELECTs for Health, the banner and the metrics: are the data complete and fresh?"""

import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, String, cast, func, select

from engines import database_time
from engines.chunks import chunks
from rows.sources import source_of, subject_of
from rows.version import AHEAD
from schema.tables.ci import repos
from schema.tables.deliveries import deliveries
from store.deliveries.received import QuarantinedDelivery
from store.deliveries.spool import FILE
from store.deliveries.spool_damage import damaged
from store.deliveries.table import QUARANTINED

LATEST = 5_000
SPOOL_QUERY = "SELECT COUNT(*), MIN(receivetime) FROM entries"


class Reception(NamedTuple):
    """What the banner of every page says."""

    last: datetime | None
    quarantined: int


class HourCount(NamedTuple):
    """Deliveries of one UTC hour (`YYYY-MM-DD HH`) that came to one state."""

    hour: str
    state: str
    deliveries: int


def read_reception(connection: Connection) -> Reception:
    """Return the newest delivery's time and the size of the quarantine."""
    received, latest = deliveries.c.receivetime, database_time(connection) + AHEAD
    last = connection.scalar(select(func.max(received)).where(received <= latest))
    held = select(func.count()).where(deliveries.c.state == QUARANTINED)
    return Reception(last, connection.execute(held).scalar_one())


def count_per_hour(
    connection: Connection, since: datetime, states: Collection[str]
) -> list[HourCount]:
    """Return the deliveries of some states received since a time, by UTC hour and state."""
    table = deliveries.c
    hour = func.substr(cast(table.receivetime, String), 1, 13).label("hour")
    # By their states an index has all that is asked; by time alone every row would be read.
    query = select(hour, table.state, func.count()).where(
        table.state.in_(list(states)), table.receivetime >= since
    )
    return [HourCount(*row) for row in connection.execute(query.group_by("hour", table.state))]


def count_states(connection: Connection) -> dict[str, int]:
    """Return how many deliveries are kept in each state."""
    table = deliveries.c
    query = select(table.state, func.count()).group_by(table.state)
    return {state: count for state, count in connection.execute(query)}


def list_last_deliveries(connection: Connection) -> dict[str, datetime]:
    """Return when the last delivery about each repository came, by its subject then.

    No index knows: only the LATEST deliveries are looked at.
    """
    table = deliveries.c
    newest = select(table.provider, table.repo, table.receivetime)
    latest = newest.order_by(table.Id.desc()).limit(LATEST).subquery()
    names = (latest.c.provider, latest.c.repo)
    query = select(*names, func.max(latest.c.receivetime)).group_by(*names)
    return {
        subject_of(source_of(provider).name, repo).casefold(): time
        for provider, repo, time in connection.execute(query)
        if repo is not None
    }


def list_subjects(connection: Connection, repoids: Iterable[int]) -> dict[int, str]:
    """Return what repositories are called in health, where those of several vendors are."""
    query = select(repos.c.Id, repos.c.provider, repos.c.name)
    return {
        repoid: subject_of(source_of(provider).name, name)
        for part in chunks(sorted(set(repoids)))
        for repoid, provider, name in connection.execute(query.where(repos.c.Id.in_(part)))
    }


def list_quarantined(connection: Connection, limit: int) -> list[QuarantinedDelivery]:
    """Return the quarantined deliveries, newest first."""
    table = deliveries.c
    query = select(*(table[name] for name in QuarantinedDelivery._fields)).where(
        table.state == QUARANTINED
    )
    query = query.order_by(table.receivetime.desc(), table.Id.desc()).limit(limit)
    return [QuarantinedDelivery(*row) for row in connection.execute(query)]


class SpoolStatus(NamedTuple):
    """Deliveries that wait in the spool; `number` is None when it cannot be seen from here.

    `damaged` counts the entries and files that were put aside and are still there.
    """

    number: int | None
    oldest: datetime | None
    damaged: int = 0


def read_spool_status(folder: Path) -> SpoolStatus:
    """Return how many deliveries wait in a spool, and since when, without touching it.

    It may be of another machine, or not be.
    """
    file = (folder / FILE).absolute()
    if not file.exists():
        return SpoolStatus(None, None)
    aside = len(damaged(folder))
    try:
        address = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=1)) as connection:
            count, oldest = connection.execute(SPOOL_QUERY).fetchone()
    except sqlite3.Error:
        return SpoolStatus(None, None, aside)
    return SpoolStatus(count, datetime.fromisoformat(oldest) if oldest else None, aside)
