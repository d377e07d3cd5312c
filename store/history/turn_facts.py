"""What a turn of a default branch was: its run, whose, for how long, what its jobs say."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from engines.chunks import by_scope, chunks
from rows.sources import call_workflow
from rows.words import RunKey
from schema.tables.ci import repos, workflowruns
from store.failed_jobs import UNREAD, FirstError, read_run_errors
from store.history.main_now import list_main
from store.history.red_now import number_workflow
from store.state import red_periods
from store.state.alerts import GREEN, RED, Claimed
from store.state.red_periods import RedPeriod


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


class PeriodEnd(NamedTuple):
    """The begin or the end of a period, as the message of a number tells of it."""

    number: int
    turn: str
    period: RedPeriod

    @property
    def gitid(self) -> int | None:
        """The run by which it turned; below zero where none ran."""
        return self.period.greengitid if self.turn == GREEN else self.period.rungitid

    @property
    def is_missed(self) -> bool:
        """Whether no run tells of it."""
        return self.gitid is not None and self.gitid < 0


def describe(connection: Connection, claimed: Collection[Claimed]) -> list[Turn]:
    """Return what messages tell of, in their order; what is no more stored is left out."""
    periods = red_periods.read(connection, {one.periodid for one in claimed})
    ends = [
        PeriodEnd(message.Id, message.turn, periods[message.periodid])
        for message in claimed
        if message.periodid in periods
    ]
    return [turn for turn in describe_ends(connection, ends) if turn is not None]


def describe_ends(connection: Connection, ends: Sequence[PeriodEnd]) -> list[Turn | None]:
    """Return what each is, in their order, None where its run is no more stored."""
    by_run = [end for end in ends if not end.is_missed]
    runs = read_runs(connection, by_run)
    firsts = {(runs[end].provider, end.period.rungitid) for end in by_run if end in runs}
    errors = read_run_errors(connection, firsts, first=True)

    def describe_end(end: PeriodEnd) -> Turn | None:
        if end.is_missed:
            return describe_missed(connection, end.number, end.period)
        run = runs.get(end)
        return None if run is None else describe_run(end, run, errors)

    return list(map(describe_end, ends))


def read_runs(connection: Connection, ends: Collection[PeriodEnd]) -> dict[PeriodEnd, Any]:
    """Return the runs by which branches turned, with their repositories' names."""
    providers = dict[int, str]()
    for part in chunks(sorted({end.period.repoid for end in ends})):
        query = select(repos.c.Id, repos.c.provider).where(repos.c.Id.in_(part))
        providers |= {repoid: provider for repoid, provider in connection.execute(query)}
    run, rows = workflowruns.c, dict[tuple[int, int], Any]()
    wanted = (run.provider, run.gitid, run.workflowname, run.url, run.author, run.commithash)
    query = select(*wanted, run.event, run.repoid, repos.c.name).join(
        repos, repos.c.Id == run.repoid
    )
    # The provider is known by the repository, and the key of runs begins with it.
    keys = [
        (providers[end.period.repoid], end.gitid)
        for end in ends
        if end.period.repoid in providers and end.gitid is not None
    ]
    for provider, numbers in by_scope(keys):
        own = (run.provider == provider, run.gitid.in_(numbers))
        for row in connection.execute(query.where(*own)):
            rows[row.repoid, row.gitid] = row
    told = {end: rows.get((end.period.repoid, end.gitid or 0)) for end in ends}
    return {end: row for end, row in told.items() if row is not None}


def describe_run(end: PeriodEnd, run: Any, errors: Mapping[RunKey, FirstError]) -> Turn:
    """Return what a run tells of."""
    period, is_green = end.period, end.turn == GREEN
    error = errors.get((run.provider, period.rungitid), UNREAD)
    return Turn(
        end.number,
        end.turn,
        run.provider,
        period.repoid,
        run.name,
        period.workflowgitid,
        call_workflow(run.workflowname, run.event, period.branchname),
        period.branchname,
        run.gitid,
        run.url,
        run.author,
        run.commithash,
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
        names = {
            number_workflow(flow.workflowgitid, flow.workflowname): flow.workflow for flow in flows
        }
        return names.get(period.workflowgitid)
    run = workflowruns.c
    query = select(run.workflowname, run.event, run.branchname).where(
        run.repoid == period.repoid, run.workflowgitid == period.workflowgitid
    )
    newest = query.order_by(run.repoid.desc(), run.workflowgitid.desc(), run.createtime.desc())
    row = connection.execute(newest.limit(1)).first()
    return None if row is None else call_workflow(*row)
