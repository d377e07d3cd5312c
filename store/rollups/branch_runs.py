"""The runs of a branch over all repositories, by an index that begins with the repository."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    tuple_,
)

from engines.chunks import by_scope
from rows.sources import ERRANDS
from rows.words import FAILED, SUCCESS, RunKey
from schema.tables.ci import branches, jobs, repos, runattempts, workflowruns, workflows
from store.rollups.night_summary import NightRun, had_failed, is_stopped_again

RUN_AGAIN = timedelta(days=65)
"""So old is a run at most whose jobs begin, unless it says that it changed later: GitHub runs one
again for 30 days, and ends it after 35.
"""

Span = tuple[datetime, datetime]
EVER = (datetime(1970, 1, 1), datetime(9999, 1, 1))

FEW = 2000
"""So many runs of a branch at most are told to the database by their keys."""
MOST = 10_000
"""So many, with those of the months before, are read to find which these are."""
RATHER_ASKED = 100
"""From so many runs of the months before on it is asked which of them have jobs of the days."""


class FormerDefault(NamedTuple):
    """A branch that was a repository's default one."""

    repoid: int
    name: str
    until: datetime


def list_errands(connection: Connection) -> set[tuple[int, int]]:
    """Return repository and id of the workflows whose runs tell nothing of their branch."""
    flow = workflows.c
    begins = (func.substr(flow.path, 1, len(start)) == start for start in ERRANDS)
    query = select(flow.repoid, flow.gitid).where(or_(false(), *begins))
    return {(repoid, gitid) for repoid, gitid in connection.execute(query)}


def list_former_defaults(connection: Connection) -> list[FormerDefault]:
    """Return the branches that were the default one before, and until when."""
    branch = branches.c
    query = select(branch.repoid, branch.name, branch.defaultuntil)
    rows = connection.execute(query.where(branch.defaultuntil.is_not(None)))
    return [FormerDefault(*row) for row in rows]


def of_former_defaults(former: Sequence[FormerDefault]) -> ColumnElement[bool]:
    """Return the condition of runs of a branch that was the default one when they were created."""
    run = workflowruns.c
    return or_(
        false(),
        *(
            and_(
                run.repoid == each.repoid,
                run.branchname == each.name,
                run.createtime < each.until,
            )
            for each in former
        ),
    )


def read_last_ends(
    connection: Connection, runs: Mapping[RunKey, int]
) -> dict[RunKey, tuple[int, str]]:
    """Return the newest attempt before the given one of each run that passed or failed, and how."""
    attempt, ends = runattempts.c, dict[RunKey, tuple[int, str]]()
    query = select(attempt.provider, attempt.rungitid, attempt.attempt, attempt.conclusion)
    query = query.where(attempt.conclusion.in_((*FAILED, SUCCESS))).order_by(attempt.attempt)
    for provider, gitids in by_scope(runs):
        its = (attempt.provider == provider, attempt.rungitid.in_(gitids))
        for of, gitid, number, conclusion in connection.execute(query.where(*its)):
            if number < runs[of, gitid]:
                ends[of, gitid] = (number, conclusion)
    return ends


def tell_stopped(connection: Connection, runs: Sequence[NightRun]) -> list[NightRun]:
    """Return runs; those that were done again and stopped in it are as their attempt before."""
    stopped = {run.key: run.attempt or 1 for run in runs if is_stopped_again(run)}
    ends = read_last_ends(connection, stopped) if stopped else {}
    return [
        run._replace(attempt=ends[run.key][0], conclusion=ends[run.key][1])
        if run.key in ends
        else run._replace(conclusion=FAILED[0])
        if had_failed(run)
        else run
        for run in runs
    ]


def of_any_repository() -> ColumnElement[bool]:
    """Return a condition that all runs fulfil, so that the index of branches serves."""
    known: ColumnElement[bool] = workflowruns.c.repoid.in_(select(repos.c.Id))
    return known


def runs_of_branch(
    branch: str, borders: Sequence[datetime], changed: Span | None = EVER
) -> Select[Any]:
    """Return the keys of the runs of a branch that may have jobs between borders.

    They lead to few jobs, where no index of jobs begins with the branch. Of those created before,
    nearly all ended before, too: their end is that of the last of their jobs, unless the attempt
    that they mirror is not their last. Older ones, if they changed later, were created in the span
    `changed`: the index tells so of each, where else a row would.
    """
    run, begin = workflowruns.c, borders[0]
    attempt = runattempts.c
    again = select(attempt.Id).where(
        attempt.provider == run.provider,
        attempt.rungitid == run.gitid,
        attempt.attempt > run.attempt,
    )
    lasted = or_(run.endtime.is_(None), run.endtime >= begin, run.attempt.is_(None))
    is_recent: ColumnElement[bool] = run.createtime >= begin - RUN_AGAIN
    first, after = changed or (begin, begin)
    is_changed = and_(run.createtime >= first, run.createtime < after)
    is_again = again.correlate(workflowruns).exists()
    return select(run.provider, run.gitid).where(
        of_any_repository(),
        run.branchname == branch,
        run.createtime < borders[-1],
        or_(is_recent, is_changed),
        or_(
            run.createtime >= begin,
            run.updatetime >= begin,
            and_(is_recent, or_(lasted, is_again)),
        ),
    )


def read_few_runs(
    connection: Connection,
    branch: str,
    borders: Sequence[datetime],
    changed: Span | None = EVER,
) -> tuple[RunKey, ...] | None:
    """Return the keys of the runs of a branch that have jobs between borders, if they are few.

    A page counts their jobs seven times, and a database that is told no more than the branch may
    read the jobs of all branches each time: PostgreSQL took 0.13 s where it takes 0.01 by keys. Of
    many runs that were created before it is asked once which were run again.
    """
    query = runs_of_branch(branch, borders, changed).add_columns(workflowruns.c.createtime)
    rows = connection.execute(query.limit(MOST + 1)).all()
    if len(rows) > MOST:
        return None
    own = [(provider, gitid) for provider, gitid, created in rows if created >= borders[0]]
    if len(own) > FEW:
        return None
    older = [(provider, gitid) for provider, gitid, created in rows if created < borders[0]]
    if len(older) > RATHER_ASKED:
        older = list_run_again(connection, older, borders)
    return (*own, *older) if len(own) + len(older) <= FEW else None


def list_run_again(
    connection: Connection, runs: Sequence[RunKey], borders: Sequence[datetime]
) -> list[RunKey]:
    """Return those of runs that have jobs between borders."""
    job = jobs.c
    query = select(job.provider, job.rungitid).distinct()
    during = (job.createtime >= borders[0], job.createtime < borders[-1])
    rows = connection.execute(query.where(*during, told_by_keys(runs)))
    return [(provider, rungitid) for provider, rungitid in rows]


def jobs_of_branch(
    branch: str, borders: Sequence[datetime], few: Sequence[RunKey] | None
) -> ColumnElement[bool]:
    """Return the condition of jobs of such runs; `few` are their keys, if they are few."""
    job = jobs.c
    if few is None:
        return tuple_(job.provider, job.rungitid).in_(runs_of_branch(branch, borders))
    return told_by_keys(few)


def told_by_keys(few: Sequence[RunKey]) -> ColumnElement[bool]:
    """Return the condition of jobs of runs."""
    job = jobs.c
    scopes: dict[str, list[int]] = defaultdict(list)
    for provider, gitid in few:
        scopes[provider].append(gitid)
    # Whole lists: PostgreSQL looks through all jobs of the days beside several parts of one.
    parts = (
        and_(
            job.provider == provider,
            job.rungitid.in_(bindparam(None, gitids, expanding=True, literal_execute=True)),
        )
        for provider, gitids in scopes.items()
    )
    return or_(false(), *parts)
