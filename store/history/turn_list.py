"""Turns of default branches, the newest first: what was noted, and what is red without a note."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from schema.tables.alerts import redperiods
from store.history.missed_nights import MissedNight
from store.history.missed_turns import as_period
from store.history.red_now import list_red
from store.history.turn_facts import Turn, describe_turn
from store.state.alerts import GREEN, RED
from store.state.red_periods import RedPeriod, select_periods


class DatedTurn(NamedTuple):
    """A turn, and when it was; of what is red since when."""

    time: datetime
    turn: Turn


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
    turns: list[DatedTurn | None] = []
    known = set[tuple[int, int, int]]()
    for period in [RedPeriod(*each) for each in connection.execute(begun)]:
        known.add((period.repoid, period.workflowgitid, period.rungitid))
        turns.append(date_turn(connection, period, RED, period.redtime))
    for period in leave_longest([RedPeriod(*each) for each in connection.execute(ended)]):
        turns.append(date_turn(connection, period, GREEN, period.greentime))
    for red in list_red(connection):
        key = (red.repoid, red.number, red.sincerungitid)
        if key not in known and (repoids is None or red.repoid in repoids):
            period = RedPeriod(0, *key, red.branchname, red.since, red.since, None, None)
            turns.append(date_turn(connection, period, RED, red.since))
    noted = {(repoid, number) for repoid, number, _ in known}
    for period in map(as_period, missed):
        is_asked = repoids is None or period.repoid in repoids
        if is_asked and (period.repoid, period.workflowgitid) not in noted:
            turns.append(date_turn(connection, period, RED, period.redtime))
    told = [one for one in turns if one is not None]
    return sorted(told, key=lambda one_turn: one_turn.time, reverse=True)[:most]


def leave_longest(ended: Iterable[RedPeriod]) -> list[RedPeriod]:
    """Return periods without those that one run ended beside a longer one: it turned green once."""
    longest = dict[tuple[int, int, int | None], RedPeriod]()
    for period in sorted(ended, key=lambda period: period.redtime):
        longest.setdefault((period.repoid, period.workflowgitid, period.greengitid), period)
    return list(longest.values())


def date_turn(
    connection: Connection, period: RedPeriod, turn: str, time: datetime | None
) -> DatedTurn | None:
    """Return the begin or end of a period, None where its run is no more stored."""
    told = describe_turn(connection, 0, turn, period)
    return None if told is None or time is None else DatedTurn(time, told)
