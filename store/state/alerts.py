"""Messages to those who are told of red branches: each is claimed by one sender, and sent once.

A message whose sender ended in the middle is not sent again: it is `unsure`, and said.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, insert, select, update

from engines.transaction import transact
from schema.tables.alerts import alerts

RED, GREEN = "red", "green"
WAITING, SENDING, SENT = "waiting", "sending", "sent"
SETTLED, UNSURE, FAILED = "settled", "unsure", "failed"
SAME = "the same error was told already"
"""Why a message was not sent that would tell of a cause again."""
AT_ONCE = 100
"""How many one message tells of."""
STALE = timedelta(minutes=5)
"""After it a message that is being sent has lost its sender: no try takes as long."""


class Claimed(NamedTuple):
    """A message that is ours to send."""

    Id: int
    periodid: int
    turn: str
    tries: int
    duetime: datetime


def put(
    connection: Connection,
    periodid: int,
    turn: str,
    targets: Iterable[str],
    now: datetime,
    due: datetime | None = None,
) -> None:
    """Let each of some targets be told of a turn, once; at `due`, or now."""
    row = alerts.c
    its = select(row.target).where(row.periodid == periodid, row.turn == turn)
    known = set(connection.scalars(its))
    for target in targets:
        if target not in known:
            values = {"periodid": periodid, "turn": turn, "target": target, "state": WAITING}
            connection.execute(
                insert(alerts).values(**values, tries=0, duetime=due or now, changetime=now)
            )


def settle(connection: Connection, periodid: int, targets: Collection[str], now: datetime) -> None:
    """Let those be told that a period is over who know of it; drop what was never sent."""
    row = alerts.c
    its = select(row.target, row.state).where(row.periodid == periodid, row.turn == RED)
    states = {target: state for target, state in connection.execute(its)}
    waiting = update(alerts).where(row.periodid == periodid, row.state == WAITING)
    connection.execute(waiting.values(state=SETTLED, changetime=now))
    told = [one for one in targets if states.get(one, SENT) in (SENT, SENDING, UNSURE)]
    put(connection, periodid, GREEN, told, now)


def claim(engine: Engine, target: str, holder: str, now: datetime) -> list[Claimed]:
    """Return messages that are due for a target, which nobody else sends now. Raises DBAPIError."""
    row = alerts.c
    due = select(row.Id).where(row.target == target, row.state == WAITING, row.duetime <= now)
    due = due.order_by(row.Id).limit(AT_ONCE)

    def work(connection: Connection) -> list[Claimed]:
        numbers = connection.scalars(due).all()
        ours = update(alerts).where(row.Id.in_(numbers), row.state == WAITING)
        claimed = {"state": SENDING, "holder": holder, "changetime": now, "tries": row.tries + 1}
        connection.execute(ours.values(**claimed))
        query = select(*(row[name] for name in Claimed._fields)).where(
            row.Id.in_(numbers), row.state == SENDING, row.holder == holder
        )
        return [Claimed(*each) for each in connection.execute(query.order_by(row.Id))]

    with engine.connect() as connection:
        if connection.scalar(due) is None:
            return []
    return transact(engine, work)


def finish(
    engine: Engine,
    claimed: Sequence[Claimed],
    state: str,
    now: datetime,
    error: str | None = None,
    due: datetime | None = None,
) -> None:
    """Note what became of messages; `due` is when those that wait are sent again."""
    numbers = [one.Id for one in claimed]
    values = {"state": state, "changetime": now, "error": error}
    values |= {} if due is None else {"duetime": due}
    ours = update(alerts).where(alerts.c.Id.in_(numbers), alerts.c.state == SENDING)
    transact(engine, lambda connection: connection.execute(ours.values(**values)))


def take_as_told(engine: Engine, numbers: Sequence[int], state: str, now: datetime) -> None:
    """Note that a message about others told of these, whose cause was told before."""
    ours = update(alerts).where(alerts.c.Id.in_(numbers), alerts.c.state == SETTLED)
    transact(
        engine, lambda connection: connection.execute(ours.values(state=state, changetime=now))
    )


def give_up_lost(engine: Engine, now: datetime) -> int:
    """Note messages whose sender is gone as perhaps sent; return how many there were."""
    row = alerts.c
    is_lost = (row.state == SENDING, row.changetime <= now - STALE)
    with engine.connect() as connection:
        if connection.scalar(select(row.Id).where(*is_lost).limit(1)) is None:
            return 0
    lost = update(alerts).where(*is_lost)
    why = "its sender ended while it was being sent: perhaps it arrived, it is not sent again"
    values = {"state": UNSURE, "changetime": now, "error": why}
    result = transact(engine, lambda connection: connection.execute(lost.values(**values)))
    return int(result.rowcount)


class AlertCount(NamedTuple):
    """How many messages to a target are in a state, and why the newest of them is."""

    target: str
    state: str
    number: int
    newest: datetime


def count_states(connection: Connection, since: datetime) -> list[AlertCount]:
    """Return how many messages wait, or were not sent since a time, by target."""
    row = alerts.c
    query = (
        select(row.target, row.state, func.count(), func.max(row.changetime))
        .where(row.state.in_((WAITING, SENDING, UNSURE, FAILED)), row.changetime >= since)
        .group_by(row.target, row.state)
        .order_by(row.target, row.state)
    )
    return [AlertCount(*each) for each in connection.execute(query)]
