"""What a cause does elsewhere: which branches of it a target was told of, which are red still."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from schema.tables.alerts import alerts, redperiods
from schema.tables.ci import repos
from store.failed_jobs import read_run_errors
from store.history.turn_facts import Turn
from store.state.alerts import GREEN, RED, SAME, SENT, SETTLED, UNSURE


class StillRed(NamedTuple):
    """A branch that is red by a cause; `alertid` where it was not told of, as the cause was."""

    repository: str
    fingerprint: str
    alertid: int | None


def list_told(connection: Connection, target: str, since: datetime) -> set[str]:
    """Return the causes that a target was told of since a time, and which are red still."""
    message, period = alerts.c, redperiods.c
    query = (
        select(period.provider, period.rungitid)
        .join_from(alerts, redperiods, period.Id == message.periodid)
        .where(
            message.target == target,
            message.turn == RED,
            message.state.in_((SENT, UNSURE)),
            message.changetime >= since,
            period.greentime.is_(None),
        )
    )
    runs = {(row.provider, row.rungitid) for row in connection.execute(query)}
    errors = read_run_errors(connection, runs, first=True).values()
    return {error.fingerprint for error in errors if error.is_cause and error.fingerprint}


def list_still_red(connection: Connection, target: str, turns: Collection[Turn]) -> list[StillRed]:
    """Return the branches that are red still by what kept those red that turned green.

    A target has heard of each: it was told of the branch, or of its cause.
    """
    over = {turn.fingerprint for turn in turns if turn.turn == GREEN and turn.fingerprint}
    if not over:
        return []
    message, period = alerts.c, redperiods.c
    heard = message.state.in_((SENT, UNSURE)) | (
        (message.state == SETTLED) & (message.error == SAME)
    )
    wanted = (period.provider, period.rungitid, message.Id, message.state, repos.c.name)
    query = (
        select(*wanted)
        .join_from(redperiods, alerts, message.periodid == period.Id)
        .join(repos, repos.c.Id == period.repoid)
        .where(period.greentime.is_(None), message.target == target, message.turn == RED, heard)
    )
    rows = connection.execute(query.order_by(repos.c.name, message.Id)).all()
    runs = [(row.provider, row.rungitid) for row in rows]
    errors = read_run_errors(connection, runs, first=True)
    still = []
    for row in rows:
        error = errors.get((row.provider, row.rungitid))
        if error is not None and error.is_cause and error.fingerprint in over:
            number = row.Id if row.state == SETTLED else None
            still.append(StillRed(row.name or "?", error.fingerprint, number))
    return still


def note_still_red(turns: Sequence[Turn], still: Collection[StillRed]) -> list[Turn]:
    """Return turns; those that turned green name where their cause keeps others red."""
    places: dict[str, list[str]] = defaultdict(list)
    for branch in still:
        if branch.repository not in places[branch.fingerprint]:
            places[branch.fingerprint].append(branch.repository)
    return [
        turn._replace(still=tuple(places.get(turn.fingerprint or "", ())))
        if turn.turn == GREEN
        else turn
        for turn in turns
    ]
