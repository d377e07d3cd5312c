"""Pipelines that are open, asked for again at growing pauses."""

from datetime import datetime, timedelta
from functools import partial

from backfill.gitlab.runs_with_jobs import CHANGES_FOR, put_one, read_one
from backfill.pipeline.context import Context
from backfill.records import Repository
from engines import reading
from store.doors.api import Read
from store.state import open_runs
from store.state.backfill_progress import RunRead
from store.state.open_runs import ABANDONED, WAITING

FIRST, DOUBLED = timedelta(minutes=1), 9


def read_open_runs(context: Context, repository: Repository, now: datetime) -> int:
    """Ask again for pipelines that are open; return how many were given up. Raises ApiError."""
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        due = open_runs.list_due(connection, repository.repoid, now, CHANGES_FOR)
    given_up = 0
    for open_run in due:
        run, tries = open_run.run.rungitid, 0 if open_run.tries is None else open_run.tries + 1
        state = WAITING
        if open_run.tries is not None:
            answered, is_gone = ask_open(context, repository, run)
            state = ABANDONED if is_gone else WAITING
            given_up += is_gone
            if answered is not None:
                put_one(context, repository, *answered)
        pause = min(open_runs.LONGEST, FIRST * 2 ** min(tries, DOUBLED))
        put = partial(
            open_runs.put,
            repoid=repository.repoid,
            run=run,
            tries=tries,
            duetime=now + pause,
            state=state,
        )
        context.writer.put(note=put)
    context.writer.put(note=lambda c: open_runs.forget_ended(c, repository.repoid))
    context.writer.flush()
    return given_up


def ask_open(
    context: Context, repository: Repository, run: int
) -> tuple[tuple[RunRead, Read] | None, bool]:
    """Return a pipeline as it is now, and whether it is gone."""
    answered = read_one(context, repository, run)
    if answered is not None or not context.due.is_due(repository.repoid, f"pipeline {run}"):
        return answered, False
    return None, True
