"""Named SELECT for the page Runs: runs by what one looks for, newest first."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from rows.words import COMPLETED, FAILED
from schema.tables.ci import workflowruns, workflows
from store.reads.connection import StatementTimeout, limit_time
from store.reads.runs import Run, columns

FIRST, GROWTH = 2000, 4
"""How many runs are looked through at first, and how many times more at the next step."""


class RunFilter(NamedTuple):
    """Which runs to list; None means any. `author` is the actor's login.

    `head`: where their commit is from, `own` for the repository itself, `forks`, or a full name.
    `workflow`: what their workflow is called, now or when they ran; `workflowgitid`: its id.
    `repoids`: any of these, all when empty.
    """

    repoids: tuple[int, ...] = ()
    workflow: str | None = None
    branch: str | None = None
    event: str | None = None
    conclusion: str | None = None
    author: str | None = None
    commit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    head: str | None = None
    workflowgitid: int | None = None


class ListPosition(NamedTuple):
    """Where a page of runs ends: its last run's time and Id."""

    createtime: datetime
    Id: int


def conditions_of(wanted: RunFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of runs."""
    table = workflowruns.c
    exact = {
        table.workflowgitid: wanted.workflowgitid,
        table.branchname: wanted.branch,
        table.event: wanted.event,
        table.author: wanted.author,
        table.commithash: wanted.commit,
    }
    conditions = [column == value for column, value in exact.items() if value is not None]
    if wanted.repoids:
        conditions.append(table.repoid.in_(wanted.repoids))
    if wanted.workflow is not None:
        conditions.append(is_called(wanted.workflow))
    if wanted.conclusion == "failed":
        conditions.append(table.conclusion.in_(FAILED))
    elif wanted.conclusion == "running":
        conditions.append(and_(table.conclusion.is_(None), table.status != COMPLETED))
    elif wanted.conclusion is not None:
        conditions.append(table.conclusion == wanted.conclusion)
    if wanted.head in ("own", "forks"):
        is_own = table.headrepo.is_(None)
        conditions.append(is_own if wanted.head == "own" else not_(is_own))
    elif wanted.head is not None:
        conditions.append(table.headrepo == wanted.head)
    if wanted.since is not None:
        conditions.append(table.createtime >= wanted.since)
    if wanted.until is not None:
        conditions.append(table.createtime < wanted.until)
    return conditions


def is_called(workflow: str) -> ColumnElement[bool]:
    """Return the condition of runs whose workflow was called so when they ran, or is today."""
    run, today = workflowruns.c, workflows.c
    same = (today.provider == run.provider, today.gitid == run.workflowgitid)
    renamed = select(today.Id).where(*same, today.name == workflow)
    return or_(run.workflowname == workflow, renamed.exists())


class RunPage(NamedTuple):
    """Runs, newest first; `searched` is how far back was looked when the time was over."""

    runs: list[Run]
    searched: datetime | None


def list_runs(
    connection: Connection,
    wanted: RunFilter,
    limit: int,
    after: ListPosition | None = None,
    seconds: float | None = None,
) -> RunPage:
    """Return runs, newest first, that come after a place in that order.

    Few filters have an index: what is rare is looked for in ever longer parts of the list, until
    `seconds` are over. Only the first part, of FIRST runs, is always looked through.
    """
    run = workflowruns.c
    # A run that only a job was seen of has no time yet: it appears with its own delivery.
    query = select(*columns(workflowruns, Run)).where(*conditions_of(wanted), run.repo.is_not(None))
    query = query.order_by(run.createtime.desc(), run.Id.desc())
    lowest = connection.scalar(select(func.min(run.createtime)))
    if lowest is None:
        return RunPage([], None)
    lowest = max(filter(None, (lowest, wanted.since)))
    where: list[ColumnElement[bool]] = []
    if wanted.until is not None:
        where = [run.createtime < wanted.until]
    if after is not None:
        same = and_(run.createtime == after.createtime, run.Id < after.Id)
        where += [run.createtime <= after.createtime, or_(run.createtime < after.createtime, same)]
    runs: list[Run] = []
    size, left = FIRST, None
    began, high = time.monotonic(), None
    while True:
        begun = time.monotonic()
        try:
            with nullcontext() if left is None else limit_time(connection, left):
                low = max(filter(None, (time_at(connection, wanted, where, size), lowest)))
                part = query.where(*where, run.createtime >= low).limit(limit - len(runs))
                runs += [Run(*row) for row in connection.execute(part).all()]
        except StatementTimeout:
            return RunPage(runs, high)
        if len(runs) >= limit or low <= lowest:
            return RunPage(runs, None)
        where, high, now = [run.createtime < low], low, time.monotonic()
        growth = float(GROWTH)
        if seconds is not None:
            left = seconds - (now - began)
            if left <= 0:
                return RunPage(runs, low)
            # As many as the time that is left allows, going by the part before.
            growth = min(growth, max(left / max(now - begun, 1e-4), 0.1))
        size = max(int(size * growth), 1)


def time_at(
    connection: Connection, wanted: RunFilter, where: Sequence[ColumnElement[bool]], size: int
) -> datetime | None:
    """Return the time of the run so many places down the list, read from an index alone."""
    run = workflowruns.c
    query = select(run.createtime).where(*where).order_by(run.createtime.desc())
    if wanted.repoids:
        query = query.where(run.repoid.in_(wanted.repoids))
    return connection.scalar(query.offset(size).limit(1))
