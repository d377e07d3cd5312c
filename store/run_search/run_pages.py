"""Named SELECT for the page Runs: runs by what one looks for, newest first."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from schema.tables.ci import workflowruns
from store.reads.connection import StatementTimeout, limit_time
from store.reads.runs import Run, columns
from store.run_search.conditions import RunFilter, conditions_of

FIRST, GROWTH = 2000, 4
"""How many runs are looked through at first, and how many times more at the next step."""


class ListPosition(NamedTuple):
    """Where a page of runs ends: its last run's time and Id."""

    createtime: datetime
    Id: int


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


SORTS = ("newest", "runtime", "queuetime")


def list_longest(
    connection: Connection, wanted: RunFilter, column: str, limit: int, skip: int = 0
) -> list[Run]:
    """Return runs by how long they ran or waited, the longest first.

    All runs of the filters are looked at: bound its time.
    """
    by = workflowruns.c[column]
    query = select(*columns(workflowruns, Run)).where(*conditions_of(wanted), by.is_not(None))
    query = query.where(workflowruns.c.repo.is_not(None))
    order = (by.desc(), workflowruns.c.createtime.desc(), workflowruns.c.Id.desc())
    return [
        Run(*row) for row in connection.execute(query.order_by(*order).offset(skip).limit(limit))
    ]
