"""What a turn of a default branch was: its run, whose, for how long, what its jobs say."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from schema.tables.ci import repos, workflowruns
from store.history.main_now import list_main
from store.history.red_now import number_workflow
from store.reads.failures import FirstError, read_first_errors
from store.state import red_periods
from store.state.alerts import GREEN, RED, Claimed
from store.state.red_periods import RedPeriod

NO_ERROR = FirstError(None, None, False)


class Turn(NamedTuple):
    """A workflow that turned red or green, in the words of the store.

    `rungitid` is of the run by which it turned, below zero where none ran in the `night` in which
    one was expected; `since` is when it had turned red, `lasted` for how long it was red.
    `error` is that by which it turned red, `fingerprint` its own, where it tells a cause. `still`
    are the repositories that it keeps red.
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
    still: tuple[str, ...] = ()


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
    # The provider is known by the repository, and the key of runs begins with it.
    own = (run.repoid == period.repoid, run.provider == repos.c.provider, run.gitid == gitid)
    row = connection.execute(query.where(*own)).first()
    if row is None:
        return None
    first = (row.provider, period.rungitid)
    error = read_first_errors(connection, [first]).get(first, NO_ERROR)
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
        error.text,
        error.fingerprint if error.is_cause else None,
    )


def describe_missed(connection: Connection, number: int, period: RedPeriod) -> Turn | None:
    """Return what tells that a nightly did not run; None where its repository is gone."""
    repo = repos.c
    query = select(repo.provider, repo.name, repo.url).where(repo.Id == period.repoid)
    row = connection.execute(query).first()
    if row is None or row.name is None:
        return None
    return Turn(
        number,
        RED,
        row.provider,
        period.repoid,
        row.name,
        period.workflowgitid,
        name_nightly(connection, period),
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


def name_nightly(connection: Connection, period: RedPeriod) -> str | None:
    """Return what the newest run of a workflow that did not run is called.

    Where runs have an id, by their index: the view main_now is made whole for each question.
    """
    if period.workflowgitid < 0:
        flows = list_main(connection, period.repoid)
        names = {number_workflow(one.workflowgitid, one.workflow): one.workflow for one in flows}
        return names.get(period.workflowgitid)
    run = workflowruns.c
    query = select(run.workflowname).where(
        run.repoid == period.repoid, run.workflowgitid == period.workflowgitid
    )
    newest = query.order_by(run.repoid.desc(), run.workflowgitid.desc(), run.createtime.desc())
    name: str | None = connection.scalar(newest.limit(1))
    return name
