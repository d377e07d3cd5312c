"""Named SELECTs for whether the store is complete, and what the reconciler last did."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from engines import database_time
from engines.chunks import chunks
from rows.version import AHEAD
from schema.tables.audits import audits, health
from schema.tables.ci import repos, workflowruns
from schema.tables.reconciler import leases
from store.state import notes
from store.state.health import BAD, WARNING

SHORT, WEEK = timedelta(days=29), timedelta(days=7)
"""An audit of less is of a part of what they usually look at."""


class LatestAudit(NamedTuple):
    """The newest verdict of a repository: what GitHub listed, what is stored of it whole."""

    repoid: int
    repo: str
    audittime: datetime
    door: str
    until: datetime | None
    listed: int | None
    stored: int | None
    missing: int
    since: datetime

    @property
    def length(self) -> timedelta:
        """How long a time it is of."""
        return (self.until or self.audittime) - self.since


class Completeness(NamedTuple):
    """The verdicts of all repositories together; `until` is the oldest of theirs.

    `since` is when that of the least of them begins, None where each is of as much as is usual.
    `never` is how many others have runs: nothing is known of what they lack.
    """

    repos: int
    never: int
    until: datetime | None
    listed: int
    stored: int
    missing: int
    since: datetime | None = None


class WarningCounts(NamedTuple):
    """How many things that are watched are in a state that is not good."""

    warning: int
    bad: int


class ReconcileCycle(NamedTuple):
    """What the reconciler's last cycle came to, and when it ended."""

    time: datetime
    changed: int
    recovered: int
    troubles: Sequence[str]


class RunningLease(NamedTuple):
    """Work that one process at a time does, and until when it has promised to."""

    name: str
    holder: str | None
    endtime: datetime


def list_latest_audits(connection: Connection) -> list[LatestAudit]:
    """Return the newest verdict of each repository that was audited and is not gone, by name.

    One of a short time does not undo what a longer one found missing.
    """
    audit = audits.c
    newest = (
        select(audit.repoid, func.max(audit.audittime).label("newest"))
        .where(audit.audittime <= database_time(connection) + AHEAD)
        .group_by(audit.repoid)
        .subquery("newest")
    )
    query = (
        select(audit.repoid, repos.c.name, *(audit[name] for name in LatestAudit._fields[2:]))
        .join(newest, and_(newest.c.repoid == audit.repoid, newest.c.newest == audit.audittime))
        .join(repos, repos.c.Id == audit.repoid)
        .where(repos.c.name.is_not(None), repos.c.gonereason.is_(None))
        .order_by(repos.c.name)
    )
    latest = [LatestAudit(*row) for row in connection.execute(query)]
    wider = find_wider(connection, [one for one in latest if one.length < SHORT])
    return [wider.get(one.repoid, one) for one in latest]


def find_wider(connection: Connection, short: Sequence[LatestAudit]) -> dict[int, LatestAudit]:
    """Return the last verdicts of longer times than these, where they found something missing."""
    audit, known = audits.c, {one.repoid: one for one in short}
    wider: dict[int, LatestAudit] = {}
    for part in chunks(sorted(known)):
        query = select(audit.repoid, *(audit[name] for name in LatestAudit._fields[2:])).where(
            audit.repoid.in_(part), audit.missing > 0
        )
        for repoid, *values in connection.execute(query.order_by(audit.audittime)):
            newest = known[repoid]
            earlier = LatestAudit(repoid, newest.repo, *values)
            is_wider = earlier.length > newest.length + WEEK
            if is_wider and earlier.audittime < newest.audittime:
                wider[repoid] = earlier
    return wider


def count_never_audited(connection: Connection) -> int:
    """Return how many repositories have a run, are not gone and were never audited."""
    audit, run = audits.c, workflowruns.c
    # Of EXISTS, MariaDB makes a join with all runs: 0.13 s of a million, on every page.
    a_run = select(run.Id).where(run.repoid == repos.c.Id).limit(1).scalar_subquery()
    query = select(func.count()).where(
        repos.c.name.is_not(None),
        repos.c.gonereason.is_(None),
        a_run.is_not(None),
        ~select(audit.Id).where(audit.repoid == repos.c.Id).exists(),
    )
    return connection.execute(query.select_from(repos)).scalar_one()


def summarize_audits(latest: Sequence[LatestAudit], never: int) -> Completeness | None:
    """Return what all verdicts say, None without any."""
    if not latest:
        return None
    ends = [one.until or one.audittime for one in latest]
    short = [one.since for one in latest if one.length < SHORT]
    return Completeness(
        len(latest),
        never,
        min(ends),
        sum(one.listed or 0 for one in latest),
        sum(one.stored or 0 for one in latest),
        sum(one.missing for one in latest),
        max(short, default=None),
    )


def count_warnings(connection: Connection) -> WarningCounts:
    """Return how much of what is watched is not good."""
    query = select(health.c.state, func.count()).group_by(health.c.state)
    counts = {state: count for state, count in connection.execute(query)}
    return WarningCounts(counts.get(WARNING, 0), counts.get(BAD, 0))


def read_last_cycle(connection: Connection) -> ReconcileCycle | None:
    """Return what the reconciler noted last, None if it never ran."""
    mark = notes.get(connection, "", "cycle")
    if mark is None:
        return None
    cycle = json.loads(mark.value or "{}")
    troubles = [str(one) for one in cycle.get("troubles") or ()]
    changed, recovered = (int(cycle.get(name) or 0) for name in ("changed", "recovered"))
    return ReconcileCycle(mark.time, changed, recovered, troubles)


def list_leases(connection: Connection, now: datetime) -> list[RunningLease]:
    """Return the leases of reconcilers that have not ended."""
    lease = leases.c
    query = select(lease.name, lease.holder, lease.endtime).where(lease.endtime > now)
    query = query.where(lease.name.startswith("reconcile"))  # feeds, alerts and others have theirs
    return [RunningLease(*row) for row in connection.execute(query.order_by(lease.name))]
