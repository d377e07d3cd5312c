"""What a turn of a default branch was: its run, whose, for how long, what its jobs say."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from schema.tables.alerts import alerts, redperiods
from schema.tables.ci import repos, workflowruns
from schema.tables.failures import failures
from store.history.main_now import list_main
from store.history.red_now import number_workflow
from store.state import red_periods
from store.state.alerts import GREEN, RED, SENT, UNSURE, Claimed
from store.state.red_periods import RedPeriod

CAUSE, EXIT_CODE = "cause", "Process completed with exit code"


class Turn(NamedTuple):
    """A workflow that turned red or green, in the words of the store.

    `rungitid` is of the run by which it turned, below zero where none ran in the `night` in which
    one was expected; `since` is when it had turned red, `lasted` for how long it was red.
    `fingerprint` is that of its error, where that tells a cause.
    """

    alertid: int
    turn: str
    provider: str
    repoid: int
    repository: str
    workflowgitid: int
    workflow: str | None
    branchname: str | None
    rungitid: int
    url: str | None
    author: str | None
    commithash: str | None
    since: datetime
    lasted: timedelta | None
    error: str | None
    fingerprint: str | None = None
    night: date | None = None


def describe(connection: Connection, claimed: Collection[Claimed]) -> list[Turn]:
    """Return what messages tell of, in their order; what is no more stored is left out."""
    periods = red_periods.read(connection, {one.periodid for one in claimed})
    pairs = [(one, periods[one.periodid]) for one in claimed if one.periodid in periods]
    turns = (
        describe_turn(connection, message.Id, message.turn, period) for message, period in pairs
    )
    return [turn for turn in turns if turn is not None]


def describe_turn(connection: Connection, number: int, turn: str, period: RedPeriod) -> Turn | None:
    """Return what a message tells of, None where its run is no more stored."""
    is_green = turn == GREEN
    gitid = period.greengitid if is_green else period.rungitid
    if gitid is not None and gitid < 0:
        return describe_missed(connection, number, period)
    run = workflowruns.c
    wanted = (run.provider, run.gitid, run.workflowname, run.url, run.author, run.commithash)
    query = select(*wanted, repos.c.name).join(repos, repos.c.Id == run.repoid)
    row = connection.execute(query.where(run.repoid == period.repoid, run.gitid == gitid)).first()
    if row is None:
        return None
    return Turn(
        number,
        turn,
        row.provider,
        period.repoid,
        row.name,
        period.workflowgitid,
        row.workflowname,
        period.branchname,
        row.gitid,
        row.url,
        row.author,
        row.commithash,
        period.redtime,
        period.greentime - period.redtime if is_green and period.greentime else None,
        *((None, None) if is_green else read_error(connection, row.provider, row.gitid)),
    )


def describe_missed(connection: Connection, number: int, period: RedPeriod) -> Turn | None:
    """Return what tells that a nightly did not run; None where its repository is gone."""
    repo = repos.c
    query = select(repo.provider, repo.name, repo.url).where(repo.Id == period.repoid)
    row = connection.execute(query).first()
    if row is None or row.name is None:
        return None
    flows = list_main(connection, period.repoid)
    names = {number_workflow(one.workflowgitid, one.workflow): one.workflow for one in flows}
    return Turn(
        number,
        RED,
        row.provider,
        period.repoid,
        row.name,
        period.workflowgitid,
        names.get(period.workflowgitid),
        period.branchname,
        period.rungitid,
        row.url,
        None,
        None,
        period.redtime,
        None,
        None,
        night=period.night,
    )


def read_error(
    connection: Connection, provider: str, rungitid: int
) -> tuple[str | None, str | None]:
    """Return what the first failed job of a run says first, as far as it is read; its fingerprint.

    That is None where it tells no cause: an exit code, or a message that only says that it failed.
    """
    failure = failures.c
    wanted = (failure.message, failure.fingerprint, failure.kind, failure.masked)
    query = select(*wanted).where(
        failure.provider == provider, failure.rungitid == rungitid, failure.number == 1
    )
    row = connection.execute(query.order_by(failure.jobgitid).limit(1)).first()
    if row is None:
        return None, None
    is_cause = row.kind == CAUSE and not (row.masked or "").startswith(EXIT_CODE)
    text = next((line.strip() for line in (row.message or "").splitlines() if line.strip()), None)
    return text, row.fingerprint if is_cause else None


def list_told(connection: Connection, target: str, since: datetime) -> set[str]:
    """Return the fingerprints that a target was told of since a time, and which are red still."""
    message, period, failure = alerts.c, redperiods.c, failures.c
    query = (
        select(failure.fingerprint)
        .join_from(alerts, redperiods, period.Id == message.periodid)
        .join(
            failures,
            (failure.provider == period.provider) & (failure.rungitid == period.rungitid),
        )
        .where(
            message.target == target,
            message.turn == RED,
            message.state.in_((SENT, UNSURE)),
            message.changetime >= since,
            period.greentime.is_(None),
            failure.number == 1,
            failure.fingerprint.is_not(None),
        )
    )
    return {str(one) for one in connection.scalars(query)}
