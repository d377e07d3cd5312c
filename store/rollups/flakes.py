"""The flaky jobs that the page Flakes shows at first: those of its last days, found ahead."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from config.calendar import ONE, Calendar
from engines import database_time, reading
from engines.transaction import transact
from schema.tables.rollups import rollflakes, rollspans
from store.rollups import find_flakes
from store.rollups.find_flakes import Flake, FlakeExample, ShownFlake

FLAKES = "flakes"
REVISION = "2"
DAYS = 30
MOST = 50
AGAIN, SOON = timedelta(minutes=10), timedelta(seconds=30)
FEW = 2
"""Days that are counted anew all the time: today, and yesterday for a while."""
TIMES = ("lastseen", "createtime")


def borders(calendar: Calendar, now: datetime) -> tuple[datetime, datetime]:
    """Return the begin and the end of the last days, in UTC."""
    today = calendar.local(now).date()
    return calendar.day_begin(today - (DAYS - 1) * ONE), calendar.day_begin(today + ONE)


def refresh_flakes(engine: Engine, calendar: Calendar, now: bool = False) -> bool:
    """Find the flaky jobs anew where that was long ago, or much was counted since, or `now`.

    Tell whether it was.
    """
    with reading(engine).connect() as connection:
        time = database_time(connection)
        begin, end = borders(calendar, time)
        made = read_roll_time(connection, begin, end)
        if made is not None and not now and not is_due(connection, made, time):
            return False
        flakes = find_flakes.list_shown_flakes(connection, begin, end, MOST)

    def work(connection: Connection) -> None:
        connection.execute(delete(rollspans).where(rollspans.c.kind == FLAKES))
        connection.execute(delete(rollflakes))
        rows = [{"place": place, "detail": as_text(one)} for place, one in enumerate(flakes)]
        if rows:
            connection.execute(insert(rollflakes), rows)
        span = {"kind": FLAKES, "begintime": begin, "endtime": end, "rules": REVISION}
        connection.execute(insert(rollspans).values(**span, revision=1, rolltime=time))

    transact(engine, work)
    return True


def read_roll_time(connection: Connection, begin: datetime, end: datetime) -> datetime | None:
    """Return when the flaky jobs of a span were found, None if they are not stored."""
    span = rollspans.c
    query = select(span.rolltime).where(
        span.kind == FLAKES, span.begintime == begin, span.endtime == end, span.rules == REVISION
    )
    return connection.execute(query).scalar_one_or_none()


def is_due(connection: Connection, made: datetime, now: datetime) -> bool:
    """Tell whether what was found at a time is old, or a backfill has counted days since."""
    if abs(now - made) >= AGAIN:
        return True
    span = rollspans.c
    days = select(func.count()).where(span.kind == "day", span.rolltime > made)
    return now - made >= SOON and int(connection.execute(days).scalar_one()) > FEW


def read_flakes(connection: Connection) -> list[ShownFlake]:
    """Return what was found, the most often flaky first."""
    query = select(rollflakes.c.detail).order_by(rollflakes.c.place)
    return [from_text(text) for text in connection.scalars(query)]


def as_text(flake: ShownFlake) -> str:
    """Return a flaky job as JSON."""
    parts = [part and part._asdict() for part in flake]
    return json.dumps(parts, default=datetime.isoformat)


def from_text(text: str) -> ShownFlake:
    """Return a flaky job as it was stored."""
    flake, failed, passed = (with_times(part) for part in json.loads(text))
    assert flake is not None  # noqa: S101 - as_text wrote it
    ends = [FlakeExample(**part) if part else None for part in (failed, passed)]
    return ShownFlake(Flake(**flake), *ends)


def with_times(part: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a record with its times as such."""
    if part is None:
        return None
    return {
        name: datetime.fromisoformat(value) if name in TIMES else value
        for name, value in part.items()
    }
