"""Runs that have not ended: when to ask GitHub for them again, and which were given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, or_, select

from engines.chunks import chunks
from engines.lease import is_over
from rows.source_record import Source
from rows.words import COMPLETED
from schema.tables.backfill import runreads
from schema.tables.ci import jobs, workflowruns
from schema.tables.reconciler import rereads
from store.state import backfill_progress
from store.state.backfill_progress import OPEN, RunRead
from store.write.upsert import put_rows

WAITING, ABANDONED = "waiting", "abandoned"
GATED = "waiting"
"""The status of what somebody has to let go."""
LONGEST = timedelta(hours=6)
"""Between two questions for a run."""
RARELY = timedelta(days=1)
"""Between two for one that waits for somebody: that it goes on is told by lists."""
REACH = timedelta(days=70)
"""Runs created before that are not looked for: they were given up long ago."""


class OpenRun(NamedTuple):
    """A run that is open: how often it was asked for, and when GitHub last changed it.

    `tries` is None for one that was not known to be open before; `is_gated` of one that waits for
    somebody, maybe for ever.
    """

    run: RunRead
    tries: int | None
    last: datetime | None
    is_gated: bool = False


def list_due(
    connection: Connection,
    repoid: int,
    now: datetime,
    limit: timedelta,
    source: Source,
) -> list[OpenRun]:
    """Return the runs that are open, or have an open job, and are to be asked for now or new.

    Newest first. One that was given up comes back when GitHub changed it less than `limit` ago.
    `source` says which may be open for ever.
    """
    ids = find_open_ids(connection, repoid, now - REACH, source)
    query = select(rereads).where(rereads.c.repoid == repoid)
    noted = {row.rungitid: row for row in connection.execute(query)}
    ids |= {number for number, row in noted.items() if row.state == WAITING}
    due_runs = []
    for run, last, status in read_runs(connection, repoid, sorted(ids, reverse=True)):
        row = noted.get(run.rungitid)
        is_alive = last is None or last > now - limit
        is_gated = source.waits_for_ever and status == GATED
        longest = RARELY if is_gated else LONGEST
        if row is None:
            due_runs.append(OpenRun(run, None, last, is_gated))
        elif is_over(row.duetime, now, longest) and (row.state == WAITING or is_alive):
            due_runs.append(OpenRun(run, row.tries, last, is_gated))
    return due_runs


def find_open_ids(connection: Connection, repoid: int, since: datetime, source: Source) -> set[int]:
    """Return the runs that are stored as open, or have a job that is."""
    r, j = workflowruns.c, jobs.c
    of_runs = select(r.gitid).where(
        r.repoid == repoid,
        or_(r.createtime >= since, r.createtime.is_(None)),
        func.coalesce(r.status, "") != COMPLETED,
        func.coalesce(r.event, "").not_in(source.unended),
    )
    of_jobs = select(j.rungitid).where(
        j.repoid == repoid, j.createtime >= since, j.status.not_in(over_for(source))
    )
    listed = select(runreads.c.rungitid).where(
        runreads.c.repoid == repoid, runreads.c.state == OPEN
    )
    return {number for query in (of_runs, of_jobs, listed) for number in connection.scalars(query)}


def read_runs(
    connection: Connection, repoid: int, ids: Sequence[int]
) -> list[tuple[RunRead, datetime | None, str | None]]:
    """Return what is noted of runs, when GitHub last changed each, and its stored status."""
    noted_runs = []
    for part in chunks(ids):
        noted = backfill_progress.runs_read(connection, repoid, part)
        names = ("gitid", "createtime", "updatetime", "status")
        query = select(*(workflowruns.c[name] for name in names))
        stored = {
            row.gitid: row
            for row in connection.execute(
                query.where(workflowruns.c.repoid == repoid, workflowruns.c.gitid.in_(part))
            )
        }
        for number in part:
            row = stored.get(number)
            created = row.createtime if row else None
            run = noted.get(number) or RunRead(number, created, 1, None, False, 0, OPEN)
            last = (row.updatetime if row else None) or run.updatetime or created
            noted_runs.append((run, last, row.status if row else None))
    return noted_runs


def put(
    connection: Connection, repoid: int, run: int, tries: int, duetime: datetime, state: str
) -> None:
    """Note that a run was asked for, and when to do so again."""
    row = {"repoid": repoid, "rungitid": run, "tries": tries, "duetime": duetime, "state": state}
    put_rows(connection, rereads, [row])


def over_for(source: Source) -> tuple[str, ...]:
    """Return the states of a job that keep no run open: one may wait in a run that ended."""
    return (COMPLETED, GATED) if source.waits_for_ever else (COMPLETED,)


def forget_ended(connection: Connection, repoid: int, source: Source) -> None:
    """Forget the runs that have ended with all their jobs, and those that may never end.

    Not those of which something is still to be read, as jobs that a list had not yet.
    """
    noted = list(connection.scalars(select(rereads.c.rungitid).where(rereads.c.repoid == repoid)))
    r, j = workflowruns.c, jobs.c
    is_over_there = or_(r.status == COMPLETED, r.event.in_(source.unended))
    for part in chunks(noted):
        query = select(r.provider, r.gitid).where(r.repoid == repoid, is_over_there)
        ended = connection.execute(query.where(r.gitid.in_(part))).all()
        going = select(j.rungitid).where(
            j.provider.in_({row.provider for row in ended}),
            j.rungitid.in_([row.gitid for row in ended]),
            j.status.not_in(over_for(source)),
        )
        unread = select(runreads.c.rungitid).where(
            runreads.c.repoid == repoid, runreads.c.state == OPEN, runreads.c.rungitid.in_(part)
        )
        kept = {*connection.scalars(going), *connection.scalars(unread)}
        done = {row.gitid for row in ended} - kept
        gone = (rereads.c.repoid == repoid, rereads.c.rungitid.in_(done))
        connection.execute(delete(rereads).where(*gone))
