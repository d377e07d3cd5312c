"""All runs of a repository, with those that appear or end while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from backfill.command.arguments import Wish
from backfill.github import run_details
from backfill.github.context import Desk, Here
from backfill.github.run_details import Found
from backfill.github.run_list import Listing
from backfill.github.windows import covering, joined
from backfill.http.errors import Problem
from backfill.http.pagination import fetch, nothing, stored
from backfill.pipeline.writer import Part
from engines.mysql import reading
from rows import fields
from store.state import backfill_progress
from store.state.backfill_progress import DUE, OPEN, Page, Window

ROUNDS = 5
NEWEST = "actions/runs?exclude_pull_requests=true&per_page=1"

Task = Callable[[], Found]


class Newest(NamedTuple):
    """When the newest run was created, how many there are, and the page that says so."""

    time: datetime
    total: int | None
    key: str
    page: Page | None


def read_runs(desk: Desk, here: Here, wish: Wish) -> None:
    """Read the runs that are wanted, each to its end. Raises Problem."""
    known = stored_windows(desk, here)
    newest = ask_newest(desk, here, known)
    if newest is None:
        desk.show.say(f"{here.name}: {why_none(desk, here)}")
        return
    expect(desk, here, newest, wish)
    finish(desk, here, left_over(desk, here))
    listing = Listing(desk, here, wish.max_runs, wish.last_time)
    finish(desk, here, list_from(desk, here, listing, known, newest))
    asked: set[int] = set()
    for _ in range(ROUNDS):
        finish(desk, here, unfinished(desk, here, asked))
        again = ask_newest(desk, here, known := stored_windows(desk, here))
        if again is None or again.total is None:
            break
        # New runs came in: their window, and the one that ended in the same second.
        top = Listing(desk, here, None, wish.last_time)
        finish(desk, here, list_from(desk, here, top, known, again, most=2))
    join_small(desk, here)


def finish(desk: Desk, here: Here, tasks: Iterator[Task]) -> None:
    """Run the tasks, store what they find, and return when all of it is stored."""
    for found in desk.pool.spread(tasks):
        desk.writer.put(Part(found.reads, run_details.note(here, found)))
        desk.show.advance("jobs")
    desk.writer.put(Part((), lambda c: backfill_progress.close_windows(c, here.repoid)))
    desk.writer.flush()


def left_over(desk: Desk, here: Here) -> Iterator[Task]:
    """Yield a task for each run that was listed, but not read, when the process before ended."""
    with reading(desk.engine).connect() as connection:
        due = backfill_progress.runs_in(connection, here.repoid, DUE)
    return (partial(run_details.detail, desk, here, run) for run in due)


def unfinished(desk: Desk, here: Here, asked: set[int]) -> Iterator[Task]:
    """Yield a task for each run that had not ended when it was read, once in this process."""
    with reading(desk.engine).connect() as connection:
        found = backfill_progress.runs_in(connection, here.repoid, OPEN)
    known = stored(desk.engine, here.repoid)
    for run in found:
        if run.rungitid not in asked:
            asked.add(run.rungitid)
            yield partial(run_details.detail_again, desk, here, run, known)


def stored_windows(desk: Desk, here: Here) -> list[Window]:
    """Return the windows as they are stored, newest first."""
    with reading(desk.engine).connect() as connection:
        return backfill_progress.windows_of(connection, here.repoid)


def ask_newest(desk: Desk, here: Here, windows: list[Window]) -> Newest | None:
    """Return the newest run; `total` None when nothing changed, None when there is no run."""
    known = stored(desk.engine, here.repoid) if windows else nothing
    fetched = fetch(desk.client, here.path + NEWEST, known)
    if fetched.body is None:
        return Newest(windows[0].last, None, fetched.key, None)
    for run in fetched.body["workflow_runs"]:
        time = fields.needed(fields.moment(run, "created_at", "run"), "run", "created_at")
        return Newest(time, int(fetched.body["total_count"]), fetched.key, fetched.page)
    return None


def list_from(
    desk: Desk,
    here: Here,
    listing: Listing,
    known: list[Window],
    newest: Newest,
    most: int | None = None,
) -> Iterator[Task]:
    """Yield a task for each run to be read in the newest `most` windows, by default in all."""
    windows = covering(known, newest.time)
    added = [window for window in windows if window not in known]

    def note(connection: Connection) -> None:
        backfill_progress.put_windows(connection, here.repoid, *added)
        if newest.page is not None:
            backfill_progress.put_page(connection, here.repoid, newest.key, newest.page)

    desk.writer.put(Part((), note))
    return listing.tasks(windows[:most], newest.time)


def join_small(desk: Desk, here: Here) -> None:
    """Make one window of two at the top that fit one page: frequent backfills make small ones."""
    windows = stored_windows(desk, here)
    while len(windows) > 1 and (both := joined(windows[0], windows[1])):
        replace = partial(
            backfill_progress.replace_windows, repoid=here.repoid, old=windows[:2], new=[both]
        )
        desk.writer.put(Part((), replace))
        windows = [both, *windows[2:]]
    desk.writer.flush()


def expect(desk: Desk, here: Here, newest: Newest, wish: Wish) -> None:
    """Tell the bars how much there is to do; what is new since the last time is not known."""
    total = None if wish.last_time else newest.total
    if total is not None and wish.max_runs is not None:
        total = min(total, wish.max_runs)
    with reading(desk.engine).connect() as connection:
        done = backfill_progress.count_done(connection, here.repoid)
    desk.show.expect("runs", total)
    desk.show.expect("jobs", None if total is None else max(0, total - done))


def why_none(desk: Desk, here: Here) -> str:
    """Return why there is no run to read."""
    try:
        allowed = desk.client.get(f"{here.path}actions/permissions").body
    except Problem:
        return "GitHub lists no runs"
    return "GitHub lists no runs" if allowed.get("enabled", True) else "Actions are switched off"
