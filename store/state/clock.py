"""Whether the database's clock can be trusted: nothing is dropped by one that has just leapt.

Each look is noted. Time that went on by less than a day from look to look, for a day, is trusted;
a leap, a wrong clock at boot or a pause of more than a day begins that day anew. What was received
before a leap may be as young as the leap, whatever time it has.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from engines import database_time
from engines.transaction import transact
from rows.counted import counted
from rows.version import AHEAD
from schema.tables.deliveries import deliveries
from store.state import notes

MARK = "clock"
MOST = 200
"""Leaps that are remembered: of a listener that is off each weekend, some years."""

Leap = tuple[int, datetime]
"""The last delivery (its Id) before a leap, and the time after it."""


class ClockState(NamedTuple):
    """Since when time goes on as clocks do, and the leaps before, the oldest first."""

    begin: datetime
    leaps: Sequence[Leap] = ()


class TrustedTime(NamedTuple):
    """The database's time in UTC without zone, and the leaps of its clock."""

    now: datetime
    leaps: Sequence[Leap]


def trusted_time(engine: Engine) -> TrustedTime | None:
    """Note the database's time and return it, None while it is not trusted."""

    def work(connection: Connection) -> TrustedTime | None:
        now = database_time(connection)
        state = judge(connection, now)
        leaps = [(number, time.isoformat()) for number, time in state.leaps[-MOST:]]
        value = json.dumps({"begin": state.begin.isoformat(), "leaps": leaps})
        notes.put(connection, "", MARK, value)
        return TrustedTime(now, state.leaps) if now - state.begin >= AHEAD else None

    return transact(engine, work)


def judge(connection: Connection, now: datetime) -> ClockState:
    """Return how the clock fares; at the first look what was received speaks for it."""
    newest = select(func.max(deliveries.c.receivetime))
    note = notes.get(connection, "", MARK)
    if note is None or not note.value:
        last = connection.scalar(newest)
        return ClockState(now if last and abs(now - last) > AHEAD else now - AHEAD)
    noted = json.loads(note.value)
    leaps = [(number, datetime.fromisoformat(time)) for number, time in noted["leaps"]]
    if abs(now - note.time) <= AHEAD:
        return ClockState(datetime.fromisoformat(noted["begin"]), leaps)
    number = connection.scalar(select(func.max(deliveries.c.Id))) or 0
    return ClockState(now, [*leaps, (number, now)])


def find_doubts(connection: Connection) -> list[str]:
    """Return in a sentence each what is wrong with the clock, or was and still shows."""
    now, note = database_time(connection), notes.get(connection, "", MARK)
    doubts = []
    if note is not None and now - judge(connection, now).begin < AHEAD:
        doubts.append(
            f"it leapt, or nothing looked at it for a day (last at {note.time:%Y-%m-%d %H:%M} UTC):"
            " no delivery is dropped before it went on for a day"
        )
    ahead = select(func.count()).where(deliveries.c.receivetime > now + AHEAD)
    if number := connection.scalar(ahead):
        doubts.append(
            f"it was ahead when {counted(number, 'delivery was', 'deliveries were')} received:"
            " set it by NTP"
        )
    return doubts
