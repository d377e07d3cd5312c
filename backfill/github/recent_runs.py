"""The runs of the last weeks: lists compared by id, and what differs read to its end.

A run can be run again for 30 days, so that long a list may still change. Pages that are as they
were cost nothing. Each run that has ended is read once more after that, with the jobs of all its
attempts, whatever webhooks brought: nothing else could show a job of which GitHub made none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from backfill.github import all_runs, run_details
from backfill.github.context import Desk, Here
from backfill.github.run_list import Listing
from backfill.github.windows import RERUN_DAYS
from backfill.http.pagination import Known, stored
from backfill.pipeline.writer import Part
from engines.mysql import reading
from store.state import backfill_progress, open_runs
from store.state.open_runs import ABANDONED, WAITING, Reread

FIRST_MINUTES, LONGEST_MINUTES = 1, 360
"""Between two questions for a run that is open: doubled each time, up to six hours."""
DOUBLED = 9


def read_recent(desk: Desk, here: Here, since: datetime) -> None:
    """Store the runs created since a time that are not stored as they are. Raises Problem."""
    known = all_runs.stored_windows(desk, here)
    newest = all_runs.ask_newest(desk, here, known)
    all_runs.finish(desk, here, all_runs.left_over(desk, here))
    if newest is None:
        return
    listing = Listing(desk, here, None, since)
    all_runs.finish(desk, here, all_runs.list_from(desk, here, listing, known, newest))
    all_runs.join_small(desk, here)


def read_open(desk: Desk, here: Here, now: datetime) -> int:
    """Ask again for runs that are open, or have an open job; return how many were given up.

    `now` is the time that their next question is counted from. Raises Problem.
    """
    desk.writer.flush()
    with reading(desk.engine).connect() as connection:
        due = open_runs.due(connection, here.repoid, now, RERUN_DAYS)
    known = stored(desk.engine, here.repoid)
    for one in due:
        if one.tries is None:
            desk.writer.put(Part((), partial(put_first, here=here, one=one, now=now)))
    tasks = (partial(again, desk, here, one, known) for one in due if one.tries is not None)
    given_up = 0
    for one, found in desk.pool.spread(tasks):
        state = state_of(one, found, now)
        given_up += state == ABANDONED
        note = partial(put_both, here=here, one=one, found=found, state=state, now=now)
        desk.writer.put(Part(found.reads, note))
    desk.writer.put(Part((), lambda connection: open_runs.forget_ended(connection, here.repoid)))
    desk.writer.flush()
    return given_up


def again(desk: Desk, here: Here, one: Reread, known: Known) -> tuple[Reread, run_details.Found]:
    """Return a run as it is now."""
    return one, run_details.detail_again(desk, here, one.run, known)


def state_of(one: Reread, found: run_details.Found, now: datetime) -> str:
    """Return whether a run is asked for again: not one that is gone, or open beyond the limit."""
    is_gone = found.run.state == backfill_progress.DONE and not found.run.ended
    last = found.run.updatetime or one.last
    is_old = last is not None and last < now - RERUN_DAYS
    return ABANDONED if is_gone or is_old else WAITING


def put_both(
    connection: Connection,
    here: Here,
    one: Reread,
    found: run_details.Found,
    state: str,
    now: datetime,
) -> None:
    """Note how far a run is read, and when to ask for it again: until it has ended, later."""
    run_details.note(here, found)(connection)
    tries = (one.tries or 0) + 1
    duetime = now + timedelta(minutes=pause(tries))
    open_runs.put(connection, here.repoid, found.run.rungitid, tries, duetime, state)


def put_first(connection: Connection, here: Here, one: Reread, now: datetime) -> None:
    """Note a run that is open: its deliveries, or the next list, may still say how it ends."""
    duetime = now + timedelta(minutes=pause(0))
    open_runs.put(connection, here.repoid, one.run.rungitid, 0, duetime, WAITING)


def pause(tries: int) -> int:
    """Return the minutes until a run is asked for again."""
    return min(LONGEST_MINUTES, FIRST_MINUTES << min(tries, DOUBLED))
