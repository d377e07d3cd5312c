"""The runs of the last weeks: lists compared by id, and what differs read to its end.

A run can be run again for 30 days, so that long a list may still change. Pages that are as they
were cost nothing. Each run that has ended is read once more after that, with the jobs of all its
attempts, whatever webhooks brought: nothing else could show a job of which GitHub made none.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from backfill.github import all_runs, run_details
from backfill.github.run_details import RunDetails
from backfill.github.run_listing import RunList
from backfill.github.windows import CHANGES_FOR
from backfill.http.pagination import Known, know_nothing, know_stored
from backfill.pipeline.context import Context
from backfill.records import Repository
from engines import reading
from store.state import backfill_progress, open_runs
from store.state.backfill_progress import OPEN, Note, RunRead
from store.state.open_runs import ABANDONED, WAITING, OpenRun

FIRST_MINUTES, LONGEST_MINUTES = 1, 360
"""Between two questions for a run that is open: doubled each time, up to six hours."""
DOUBLED = 9


def read_recent_runs(context: Context, repository: Repository, since: datetime) -> None:
    """Store the runs created since a time that are not stored as they are. Raises ApiError."""
    known = all_runs.list_windows(context, repository)
    newest = all_runs.find_newest_run(context, repository, known)
    all_runs.store_details(context, repository, all_runs.list_due_runs(context, repository))
    if newest is None:
        return
    listing = RunList(context, repository, None, since)
    tasks = all_runs.list_window_runs(listing, known, newest)
    all_runs.store_details(context, repository, tasks)
    all_runs.join_small_windows(context, repository)


def read_open_runs(context: Context, repository: Repository, now: datetime) -> int:
    """Ask again for runs that are open, or have an open job; return how many were given up.

    `now` is the time that their next question is counted from. Raises ApiError.
    """
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        due = open_runs.list_due(connection, repository.repoid, now, CHANGES_FOR)
    known = know_stored(context.engine, repository.repoid)
    for open_run in due:
        if open_run.tries is None:
            run = open_run.run.rungitid
            context.writer.put(note=note_question(repository, run, 0, WAITING, now))
    tasks = (
        partial(reread_run, context, repository, open_run, known)
        for open_run in due
        if open_run.tries is not None
    )
    given_up = 0
    for open_run, details in context.pool.spread(tasks):
        state = judge_open_run(open_run, details, now)
        given_up += state == ABANDONED
        context.writer.put(details.reads, note_reread(repository, open_run, details, state, now))
    context.writer.put(note=lambda c: open_runs.forget_ended(c, repository.repoid))
    context.writer.flush()
    return given_up


def reread_runs(context: Context, repository: Repository, runs: Iterable[int]) -> None:
    """Store runs with all their attempts and jobs as they are now. Raises ApiError."""
    unread = (RunRead(run, None, 1, None, ended=False, whole=0, state=OPEN) for run in runs)
    tasks = (
        partial(run_details.reread_details, context, repository, run, know_nothing)
        for run in unread
    )
    all_runs.store_details(context, repository, tasks)


def reread_run(
    context: Context, repository: Repository, open_run: OpenRun, known: Known
) -> tuple[OpenRun, RunDetails]:
    """Return a run as it is now."""
    return open_run, run_details.reread_details(context, repository, open_run.run, known)


def judge_open_run(open_run: OpenRun, details: RunDetails, now: datetime) -> str:
    """Return whether a run is asked for again: not one that is gone, or open beyond the limit."""
    is_gone = details.run.state == backfill_progress.DONE and not details.run.ended
    last = details.run.updatetime or open_run.last
    is_old = last is not None and last < now - CHANGES_FOR
    return ABANDONED if is_gone or is_old else WAITING


def note_reread(
    repository: Repository, open_run: OpenRun, details: RunDetails, state: str, now: datetime
) -> Note:
    """Return the note how far a run is read, and when to ask for it again: until it has ended."""
    tries = (open_run.tries or 0) + 1
    question = note_question(repository, details.run.rungitid, tries, state, now)

    def write(connection: Connection) -> None:
        run_details.note_details(repository, details)(connection)
        question(connection)

    return write


def note_question(repository: Repository, run: int, tries: int, state: str, now: datetime) -> Note:
    """Return the note when to ask for a run: deliveries or lists may say before how it ends."""
    minutes = min(LONGEST_MINUTES, FIRST_MINUTES << min(tries, DOUBLED))
    duetime = now + timedelta(minutes=minutes)
    return lambda connection: open_runs.put(
        connection, repository.repoid, run, tries, duetime, state
    )
