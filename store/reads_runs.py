"""Named SELECT for the page Runs: runs by what one looks for, newest first."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from schema.tables import workflowruns
from store.reads import FAILED, Run, columns

FIRST = timedelta(days=30)


class Wanted(NamedTuple):
    """Which runs to list; None means any. `author` is the actor's login."""

    repoid: int | None = None
    workflow: str | None = None
    branch: str | None = None
    event: str | None = None
    conclusion: str | None = None
    author: str | None = None
    commit: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Place(NamedTuple):
    """Where a page of runs ends: its last run's time and Id."""

    createtime: datetime
    Id: int


def chosen(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of runs."""
    table = workflowruns.c
    exact = {
        table.repoid: wanted.repoid,
        table.workflowname: wanted.workflow,
        table.branchname: wanted.branch,
        table.event: wanted.event,
        table.author: wanted.author,
        table.commithash: wanted.commit,
    }
    found = [column == value for column, value in exact.items() if value is not None]
    if wanted.conclusion == "failed":
        found.append(table.conclusion.in_(FAILED))
    elif wanted.conclusion == "running":
        found.append(and_(table.conclusion.is_(None), table.status != "completed"))
    elif wanted.conclusion is not None:
        found.append(table.conclusion == wanted.conclusion)
    if wanted.since is not None:
        found.append(table.createtime >= wanted.since)
    if wanted.until is not None:
        found.append(table.createtime < wanted.until)
    return found


class Listed(NamedTuple):
    """Runs, newest first; `searched` is how far back was looked when the time was over."""

    runs: list[Run]
    searched: datetime | None


def list_runs(
    connection: Connection,
    wanted: Wanted,
    limit: int,
    after: Place | None = None,
    seconds: float | None = None,
) -> Listed:
    """Return runs, newest first, that come after a place in that order.

    Few filters have an index: what is rare is looked for in ever longer spans of time, until
    `seconds` are over.
    """
    run = workflowruns.c
    # A run that only a job was seen of has no time yet: it appears with its own delivery.
    query = select(*columns(workflowruns, Run)).where(*chosen(wanted), run.repo.is_not(None))
    query = query.order_by(run.createtime.desc(), run.Id.desc())
    # One by one: for both at once SQLite reads the whole index.
    oldest = connection.scalar(select(func.min(run.createtime)))
    newest = connection.scalar(select(func.max(run.createtime)))
    if oldest is None or newest is None:
        return Listed([], None)
    where: list[ColumnElement[bool]] = []
    high = min(filter(None, (newest, wanted.until)))
    if after is not None:
        same = and_(run.createtime == after.createtime, run.Id < after.Id)
        where = [run.createtime <= after.createtime, or_(run.createtime < after.createtime, same)]
        high = min(high, after.createtime)
    lowest = max(filter(None, (oldest, wanted.since)))
    found: list[Run] = []
    began, span, low = time.monotonic(), FIRST, high
    while len(found) < limit and low >= lowest:
        low = max(high - span, lowest)
        inside = (run.createtime >= low, *where)
        begun = time.monotonic()
        rows = connection.execute(query.where(*inside).limit(limit - len(found)))
        found += [Run(*row) for row in rows]
        if low <= lowest:
            break
        where, high = [run.createtime < low], low
        now = time.monotonic()
        if seconds is None:
            span *= 2
        elif len(found) < limit:
            left = seconds - (now - began)
            if left <= 0:
                return Listed(found, low)
            # As far as the time that is left allows, going by the span before.
            span *= min(2.0, max(left / max(now - begun, 1e-4), 0.1))
    return Listed(found, None)
