"""Pipelines that are open, asked for again at growing pauses.

One that waits for somebody or for its time is asked for rarely: that it goes on, the list of what
was updated tells. One of another CI's statuses may say running for ever, and is not asked for.
"""

from datetime import datetime, timedelta
from functools import partial

from backfill.gitlab.projects import CI, GITLAB, is_off
from backfill.gitlab.runs_with_jobs import CHANGES_FOR, put_one, read_one
from backfill.pipeline.context import Context
from backfill.pipeline.run_notes import end_gone_runs
from backfill.records import Repository
from engines import reading
from store.state import open_runs
from store.state.open_runs import ABANDONED, LONGEST, RARELY, WAITING

FIRST, DOUBLED = timedelta(minutes=1), 9


def read_open_runs(context: Context, repository: Repository, now: datetime) -> int:
    """Ask again for pipelines that are open; return how many were given up. Raises ApiError."""
    repoid, given_up, gone = repository.repoid, 0, list[int]()
    if is_off(repository.record, CI):
        return 0
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        due = open_runs.list_due(connection, repoid, now, CHANGES_FOR, GITLAB)
    for open_run in due:
        run, tries = open_run.run.rungitid, 0 if open_run.tries is None else open_run.tries + 1
        state, growing = WAITING, min(LONGEST, FIRST * 2 ** min(tries, DOUBLED))
        pause = RARELY if open_run.is_gated else growing
        answered = None if open_run.tries is None else read_one(context, repository, run)
        if answered is not None:
            note, read = answered
            put_one(context, repository, note, read)
            if read is None:
                state, given_up = ABANDONED, given_up + 1
                gone.append(run)
        put = partial(
            open_runs.put, repoid=repoid, run=run, tries=tries, duetime=now + pause, state=state
        )
        context.writer.put(note=put)
    end_gone_runs(context, repository, gone, now)
    context.writer.put(note=lambda c: open_runs.forget_ended(c, repoid, GITLAB))
    context.writer.flush()
    return given_up
