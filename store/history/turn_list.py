"""Turns of default branches, the newest first: what was noted, and what is red without a note."""

from collections import deque
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from schema.tables.alerts import redperiods
from store.history.missed_nights import MissedNight
from store.history.missed_turns import as_period
from store.history.red_now import list_red
from store.history.turn_facts import PeriodEnd, Turn, describe_ends
from store.state.alerts import GREEN, RED
from store.state.red_periods import RedPeriod, select_periods


class DatedTurn(NamedTuple):
    """A turn, and when it was; of what is red since when."""

    time: datetime
    turn: Turn


class DatedEnd(NamedTuple):
    """The begin or the end of a period, and when it was."""

    time: datetime
    end: PeriodEnd


def list_turns(
    connection: Connection,
    most: int,
    repoids: Collection[int] | None = None,
    missed: Collection[MissedNight] = (),
) -> list[DatedTurn]:
    """Return the newest turns, of some repositories or all.

    Without a listener that notes them, what is red now is told, since when it is, and nightlies
    that were `missed`.
    """
    row = redperiods.c
    query = select_periods() if repoids is None else select_periods().where(row.repoid.in_(repoids))
    begun = query.order_by(row.redtime.desc(), row.Id.desc()).limit(most)
    ended = query.where(row.greengitid.is_not(None)).order_by(row.greentime.desc()).limit(most)
    ends: list[DatedEnd] = []
    known = set[tuple[int, int, int]]()
    for period in [RedPeriod(*each) for each in connection.execute(begun)]:
        known.add((period.repoid, period.workflowgitid, period.rungitid))
        ends.append(DatedEnd(period.redtime, PeriodEnd(0, RED, period)))
    for period in leave_longest([RedPeriod(*each) for each in connection.execute(ended)]):
        if period.greentime is not None:
            ends.append(DatedEnd(period.greentime, PeriodEnd(0, GREEN, period)))
    for red in list_red(connection):
        key = (red.repoid, red.number, red.sincerungitid)
        if key not in known and (repoids is None or red.repoid in repoids):
            period = RedPeriod(0, *key, red.branchname, red.since, red.since, None, None)
            ends.append(DatedEnd(red.since, PeriodEnd(0, RED, period)))
    noted = {(repoid, number) for repoid, number, _ in known}
    for period in map(as_period, missed):
        is_asked = repoids is None or period.repoid in repoids
        if is_asked and (period.repoid, period.workflowgitid) not in noted:
            ends.append(DatedEnd(period.redtime, PeriodEnd(0, RED, period)))
    return list_newest(connection, ends, most)


def list_newest(connection: Connection, ends: Iterable[DatedEnd], most: int) -> list[DatedTurn]:
    """Return the newest that are still stored; of others it is not asked what they were."""
    newest = deque(sorted(ends, key=lambda end: end.time, reverse=True))
    turns: list[DatedTurn] = []
    while newest and len(turns) < most:
        part = [newest.popleft() for _ in range(min(most - len(turns), len(newest)))]
        told = describe_ends(connection, [end for _, end in part])
        turns += [DatedTurn(end.time, turn) for end, turn in zip(part, told, strict=True) if turn]
    return turns


def leave_longest(ended: Iterable[RedPeriod]) -> list[RedPeriod]:
    """Return periods without those that one run ended beside a longer one: it turned green once."""
    longest = dict[tuple[int, int, int | None], RedPeriod]()
    for period in sorted(ended, key=lambda period: period.redtime):
        longest.setdefault((period.repoid, period.workflowgitid, period.greengitid), period)
    return list(longest.values())
