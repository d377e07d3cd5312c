"""All runs of a repository, with those that appear or end while they are read."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from backfill.github import run_details
from backfill.github.audit_lists import walk_runs
from backfill.github.estimate import WORTH_SEEDING, announce_totals
from backfill.github.failure_reasons import tell_reasons
from backfill.github.repository_lookup import explain_no_runs
from backfill.github.run_listing import ALL_RUNS, UNFILTERED, RunList, Task
from backfill.github.windows import (
    OF_WINDOWS,
    count_of,
    cover_until,
    describe_span,
    first_page_path,
    join_windows,
    read_newest_time,
)
from backfill.github_graphql.seeding import PAGES_AHEAD, Seeding
from backfill.http.errors import ApiError
from backfill.http.list_body import read_total
from backfill.http.pagination import fetch_page, know_nothing, know_stored
from backfill.pipeline.context import Context
from backfill.pipeline.due_items import shown
from backfill.pipeline.run_notes import note_details
from backfill.pipeline.thread_pool import AHEAD
from backfill.records import BEGINNING, EXACT, QUICK, ReadRange, Repository
from engines import reading
from rows.counted import counted
from store.deliveries.table import now as clock
from store.state import backfill_progress
from store.state.backfill_progress import DUE, LISTED, OPEN, SEEDED, Page, RunRead, Window

ROUNDS = 5
ALL = ReadRange()
NEWEST = "actions/runs?exclude_pull_requests=true&per_page=1"


class NewestRun(NamedTuple):
    """When the newest run was created, how many there are, and the page that says so."""

    time: datetime
    total: int | None
    key: str
    page: Page | None


def read_runs(context: Context, repository: Repository, read_range: ReadRange) -> None:
    """Read the runs that are wanted, each to its end. Raises ApiError."""
    known = list_windows(context, repository)
    newest = find_newest_run(context, repository, known)
    if newest is None:
        context.reporter.say(f"{repository.name}: {explain_no_runs(context, repository)}")
        return
    left = announce_totals(context, repository, newest.total, read_range)
    store_details(context, repository, list_due_runs(context, repository))
    seeding = None
    if read_range.by == QUICK or (read_range.by != EXACT and left >= WORTH_SEEDING):
        seeding = Seeding(context, repository, tell_reasons)
    listing = RunList(context, repository, read_range.max_runs, read_range.last_time)
    listing.seeding = seeding
    store_details(context, repository, list_window_runs(listing, known, newest), PAGES_AHEAD)
    if seeding is not None:  # what GraphQL did not tell
        store_details(context, repository, list_due_runs(context, repository))
    if read_range.by != QUICK:
        store_details(context, repository, list_due_runs(context, repository, SEEDED, read_range))
    settle_counts(context, repository, listing)
    if read_range.max_runs is None and read_range.last_time is None:
        store_details(context, repository, list_unfiltered_runs(context, repository, newest.total))
    asked_runs: set[int] = set()
    for _ in range(ROUNDS if read_range.by != QUICK else 0):
        store_details(context, repository, list_unfinished_runs(context, repository, asked_runs))
        again = find_newest_run(context, repository, known := list_windows(context, repository))
        if again is None or again.total is None:
            break
        # New runs came in: their window, and the one that ended in the same second.
        top = RunList(context, repository, None, read_range.last_time)
        store_details(context, repository, list_window_runs(top, known, again, most=2))
    join_small_windows(context, repository)


def store_details(
    context: Context, repository: Repository, tasks: Iterator[Task], ahead: int = AHEAD
) -> None:
    """Run the tasks, store what they find, and return when all of it is stored."""
    for details in context.pool.spread(tasks, ahead):
        if callable(details):
            details()
            continue
        context.writer.put(details.reads, note_details(repository, details))
        context.reporter.advance("jobs")
    context.writer.put(note=lambda c: backfill_progress.close_windows(c, repository.repoid))
    context.writer.flush()


def list_due_runs(
    context: Context, repository: Repository, state: str = DUE, chosen: ReadRange = ALL
) -> Iterator[Task]:
    """Yield a task for each run that was listed, but not read, or not by REST: the newest first."""
    with reading(context.engine).connect() as connection:
        runs = backfill_progress.runs_in(connection, repository.repoid, state)
    since = chosen.last_time or BEGINNING
    wanted = (run for run in runs[: chosen.max_runs] if (run.createtime or since) >= since)
    return (partial(run_details.read_details, context, repository, run) for run in wanted)


def list_unfinished_runs(
    context: Context, repository: Repository, asked_runs: set[int]
) -> Iterator[Task]:
    """Yield a task for each run that had not ended when it was read, once in this process."""
    with reading(context.engine).connect() as connection:
        runs = backfill_progress.runs_in(connection, repository.repoid, OPEN)
    known = know_stored(context.engine, repository.repoid)
    for run in runs:
        if run.rungitid not in asked_runs:
            asked_runs.add(run.rungitid)
            yield partial(run_details.reread_details, context, repository, run, known)


def list_windows(context: Context, repository: Repository) -> list[Window]:
    """Return the stored windows, newest first."""
    with reading(context.engine).connect() as connection:
        return backfill_progress.windows_of(connection, repository.repoid)


def find_newest_run(
    context: Context, repository: Repository, windows: list[Window]
) -> NewestRun | None:
    """Return the newest run; `total` None when nothing changed, None when there is no run."""
    known = know_stored(context.engine, repository.repoid) if windows else know_nothing

    def ask() -> tuple[NewestRun | None]:
        fetched = fetch_page(context.client, repository.path + NEWEST, known)
        if fetched.body is None:
            return (NewestRun(windows[0].last, None, fetched.key, None),)
        total, key = read_total(fetched.body), fetched.key
        if time := read_newest_time(fetched.body):
            return (NewestRun(time, total, key, fetched.page),)
        # No run, or one that cannot be read: other lists are asked before that is believed.
        for path in (UNFILTERED, first_page_path(Window(BEGINNING, clock()))):
            body = fetch_page(context.client, repository.path + path, know_nothing).body
            if time := read_newest_time(body):
                return (NewestRun(time, max(total, read_total(body)), key, None),)
            total = max(total, read_total(body))
        return (NewestRun(clock().replace(microsecond=0), None, "", None) if total else None,)

    home = repository.path.rstrip("/")
    answer = context.due.read(context.client, repository.repoid, "newest run", home, ask)
    if answer is None:  # it is among those of the lists, which may be read all the same
        return NewestRun(clock().replace(microsecond=0), None, "", None)
    return answer[0]


def list_unfiltered_runs(
    context: Context, repository: Repository, total: int | None
) -> Iterator[Task]:
    """Yield a task for each run that only the list without a filter has, if runs are lacking."""
    known = list_windows(context, repository)
    counted = sum(one.total or 0 if one.state == OPEN else one.listed for one in known)
    is_left = (str(repository.repoid), ALL_RUNS) in context.due.noted()
    is_lacking = is_left or counted < (total or 0)
    return RunList(context, repository, None, None).list_unfiltered() if is_lacking else iter(())


def settle_counts(context: Context, repository: Repository, listing: RunList) -> None:
    """Compare windows whose count is not that of their list with the list without a filter.

    Runs that only it has are read; a count that its own belies is not believed. Raises ApiError.
    """
    due, repoid = context.due, repository.repoid
    doubted = dict[Window, set[int]]()
    for window, ids in listing.ended.items():
        name, span = count_of(window), (window.first, window.last)
        if window.listed == window.total:
            due.forget(repoid, name)
        elif span not in listing.unread and due.is_due(repoid, name):
            doubted[window] = ids
    if not doubted:
        return
    walk = walk_runs(context, repository, BEGINNING)
    times = {run.gitid: run.createtime for run in walk.runs.values() if run.createtime}
    more = {
        window: {run for run, time in times.items() if window.first <= time <= window.last} - ids
        for window, ids in doubted.items()
    }
    reread_runs(context, repository, set().union(*more.values()))
    settled = [one._replace(state=LISTED, listed=one.listed + len(more[one])) for one in doubted]
    others = [one for one in list_windows(context, repository) if one.state != OPEN]
    listed = sum(one.listed for one in (*settled, *others))
    for window in settled:
        why = f"GitHub counts {counted(window.total or 0, 'run')}, but lists {window.listed}"
        if window.listed < (window.total or 0) and walk.total not in (len(walk.runs), listed):
            due.note_failure(repoid, count_of(window), ApiError(why))
            continue
        due.forget(repoid, count_of(window))
        if window.listed != window.total:
            sentence = f"{repository.name}: {shown(count_of(window))}: {why}, as other lists do"
            context.reporter.say(sentence)
        note = partial(backfill_progress.replace_windows, repoid=repoid, old=(), new=[window])
        context.writer.put(note=note)
    store_details(context, repository, iter(()))


def list_window_runs(
    listing: RunList, known: list[Window], newest: NewestRun, most: int | None = None
) -> Iterator[Task]:
    """Yield a task for each run to be read in the newest `most` windows, by default in all."""
    repoid, due = listing.repository.repoid, listing.context.due
    unread = [window for window in known[:1] if listing.is_unread(window)]
    windows = cover_until(known, newest.time, is_unread=bool(unread))
    added = [window for window in windows if window not in known]
    outgrown = [one for one in unread if one not in windows]
    if unread and windows[0].first == unread[0].first:  # it may be had, or seen, now
        due.rename(repoid, describe_span(unread[0]), describe_span(windows[0]))

    def note(connection: Connection) -> None:
        backfill_progress.replace_windows(connection, repoid, outgrown, added)
        if newest.page is not None:
            backfill_progress.put_page(connection, repoid, newest.key, newest.page)

    listing.context.writer.put(note=note)
    return listing.list_tasks(windows[:most], newest.time)


def join_small_windows(context: Context, repository: Repository) -> None:
    """Make one window of two at the top that fit one page: frequent backfills make small ones."""
    windows = list_windows(context, repository)
    while len(windows) > 1 and (both := join_windows(windows[0], windows[1])):
        replace = partial(backfill_progress.replace_windows, repoid=repository.repoid)
        context.writer.put(note=partial(replace, old=windows[:2], new=[both]))
        windows = [both, *windows[2:]]
        paths = tuple(first_page_path(window).partition("&")[0] + "&" for window in windows)
        keep = partial(backfill_progress.keep_pages, repoid=repository.repoid, path=OF_WINDOWS)
        context.writer.put(note=partial(keep, paths=paths))
    context.writer.flush()
    spans = {ALL_RUNS, *map(describe_span, windows)}  # one that was cut since is in others
    context.due.forget_others(repository.repoid, "runs ", spans)


def reread_runs(context: Context, repository: Repository, runs: Iterable[int]) -> None:
    """Store runs with all their attempts and jobs as they are now. Raises ApiError."""
    unread = (RunRead(run, None, 1, None, ended=False, whole=0, state=OPEN) for run in runs)
    reread = partial(run_details.reread_details, context, repository)
    store_details(context, repository, (partial(reread, run, know_nothing) for run in unread))
