"""What changed of late: lists of runs compared by id, runs that are open, branches that moved.

A run can be run again for 30 days, so that long a list may still change. Pages that are as they
were cost nothing. Each run that has ended is read once more after that, with the jobs of all its
attempts, whatever webhooks brought: nothing else could show a job of which GitHub made none.

What is remembered of branches: a fingerprint of them as they are stored, and for each the head
whose commits are known to be stored.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection

from backfill.github import all_runs, run_details
from backfill.github.branches_and_workflows import BRANCHES, read_branches
from backfill.github.commits import read_default_branch, read_heads
from backfill.github.repository_lookup import describe_cut, map_objects
from backfill.github.run_listing import RunList
from backfill.github.windows import CHANGES_FOR, reach_back
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import Known, fetch_pages, know_nothing, know_stored
from backfill.pipeline.context import Context
from backfill.pipeline.run_notes import RunDetails, end_gone_runs, note_details
from backfill.records import Repository
from engines import reading
from rows.sources import source_of
from store.doors.api import Read
from store.reads import for_backfill
from store.state import backfill_progress, notes, open_runs
from store.state.backfill_progress import CLOSED, Note
from store.state.open_runs import ABANDONED, WAITING, OpenRun

GITHUB = source_of("github")
STORED, HEADS = "branches stored", "heads"
COMMITS_OF = "commits of branch "
MOST = 200
"""Branches compared at a time: a repository with thousands of new ones takes several cycles."""
FIRST = timedelta(minutes=1)
"""Between two questions for a run that is open: doubled each time, up to six hours."""
DOUBLED = 9

Heads = dict[str, str]


def read_recent_runs(context: Context, repository: Repository, since: datetime) -> None:
    """Store the runs created since a time that are not stored as they are, and those of a longer
    outage, from where what was read before ends. Raises ApiError."""
    known = all_runs.list_windows(context, repository)
    newest = all_runs.find_newest_run(context, repository, known)
    all_runs.store_details(context, repository, all_runs.list_due_runs(context, repository))
    if newest is None:
        return
    listing = RunList(context, repository, None, reach_back(known, since))
    tasks = all_runs.list_window_runs(listing, known, newest)
    all_runs.store_details(context, repository, tasks)
    all_runs.settle_counts(context, repository, listing)
    all_runs.join_small_windows(context, repository)


def read_open_runs(context: Context, repository: Repository, now: datetime) -> int:
    """Ask again for runs that are open, or have an open job; return how many were given up.

    `now` is the time that their next question is counted from. Raises ApiError.
    """
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        due = open_runs.list_due(connection, repository.repoid, now, CHANGES_FOR, GITHUB)
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
    given_up, gone = 0, list[int]()
    for open_run, details in context.pool.spread(tasks):
        state = judge_open_run(open_run, details, now)
        given_up += state == ABANDONED
        gone += [open_run.run.rungitid] * is_gone(details)
        context.writer.put(details.reads, note_reread(repository, open_run, details, state, now))
    end_gone_runs(context, repository, gone, now)
    context.writer.put(note=lambda c: open_runs.forget_ended(c, repository.repoid, GITHUB))
    context.writer.flush()
    return given_up


def reread_run(
    context: Context, repository: Repository, open_run: OpenRun, known: Known
) -> tuple[OpenRun, RunDetails]:
    """Return a run as it is now."""
    return open_run, run_details.reread_details(context, repository, open_run.run, known)


def judge_open_run(open_run: OpenRun, details: RunDetails, now: datetime) -> str:
    """Return whether a run is asked for again: not one that is gone, or open beyond the limit."""
    last = details.run.updatetime or open_run.last
    is_old = last is not None and last < now - CHANGES_FOR
    return ABANDONED if is_gone(details) or is_old else WAITING


def is_gone(details: RunDetails) -> bool:
    """Tell whether GitHub has a run no more that had not ended."""
    return details.run.state == backfill_progress.DONE and not details.run.ended


def note_reread(
    repository: Repository, open_run: OpenRun, details: RunDetails, state: str, now: datetime
) -> Note:
    """Return the note how far a run is read, and when to ask for it again: until it has ended."""
    tries = (open_run.tries or 0) + 1
    question = note_question(repository, details.run.rungitid, tries, state, now)

    def write(connection: Connection) -> None:
        note_details(repository, details)(connection)
        question(connection)

    return write


def note_question(repository: Repository, run: int, tries: int, state: str, now: datetime) -> Note:
    """Return the note when to ask for a run: deliveries or lists may say before how it ends."""
    duetime = now + min(open_runs.LONGEST, FIRST * 2 ** min(tries, DOUBLED))
    return lambda connection: open_runs.put(
        connection, repository.repoid, run, tries, duetime, state
    )


def read_moved_branches(context: Context, repository: Repository, since: datetime) -> bool:
    """Store branches and the commits they moved over; False when some are left for next time.

    The default branch is read back to its oldest run, at least to `since`. Raises ApiError.
    """
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        live = for_backfill.list_live_heads(connection, repository.repoid)
        stored = notes.text(connection, str(repository.repoid), STORED)
    if stored != fingerprint(live):
        # Webhooks moved branches since the list was stored: that it is unchanged says nothing.
        forget_pages(context, repository)
    read_branches(context, repository)
    read_default_branch(context, repository, None, since)
    is_whole = compare_heads(context, repository)
    if is_whole:
        read_heads(context, repository)
    return is_whole


def reread_branches(context: Context, repository: Repository) -> None:
    """Store the branches anew, also those of pages that are as they were. Raises ApiError."""
    forget_pages(context, repository)
    read_branches(context, repository)


def forget_pages(context: Context, repository: Repository) -> None:
    """Forget the pages of branches, so that all are read, also those that are as they were."""
    path = BRANCHES.partition("?")[0]
    context.writer.put(note=lambda c: backfill_progress.drop_pages(c, repository.repoid, path))
    context.writer.flush()


def fingerprint(live: Heads) -> str:
    """Return a short text that differs where any branch does."""
    return sha256(json.dumps(sorted(live.items())).encode()).hexdigest()


def compare_heads(context: Context, repository: Repository) -> bool:
    """Store the commits of each branch whose head is new; tell whether all were compared."""
    subject = str(repository.repoid)
    with reading(context.engine).connect() as connection:
        live = for_backfill.list_live_heads(connection, repository.repoid)
        walks = backfill_progress.walks_of(connection, repository.repoid)
        stored = notes.text(connection, subject, STORED)
        before: Heads = json.loads(notes.text(connection, subject, HEADS) or "{}")
    main, base = repository.default_branch, live.get(repository.default_branch)
    heads = {name: head for name, head in before.items() if name in live}
    if any(walk.state == CLOSED and walk.head == base for walk in walks):
        heads[main] = live[main]
    moved = sorted(name for name, head in live.items() if heads.get(name) != head)
    due = [name for name in moved if context.due.is_due(repository.repoid, COMMITS_OF + name)]
    tasks = (
        partial(read_new_commits, context, repository, name, live[name], (heads.get(name), base))
        for name in due[:MOST]
    )
    for name, read in context.pool.spread(tasks):
        if read is None:
            continue
        commits, is_read = read
        context.writer.put(commits)
        if is_read:
            heads[name] = live[name]
    if heads != before:
        text = json.dumps(heads)
        context.writer.put(note=lambda c: notes.put(c, subject, HEADS, text))
    if stored != fingerprint(live):
        context.writer.put(note=lambda c: notes.put(c, subject, STORED, fingerprint(live)))
    context.writer.flush()
    return len(due) <= MOST


def read_new_commits(
    context: Context, repository: Repository, name: str, head: str, bases: Iterable[str | None]
) -> tuple[str, tuple[list[Read], bool] | None]:
    """Return a branch and what `list_new_commits` says, None where they cannot be read now."""
    ask = partial(list_new_commits, context, repository, head, bases)
    home, owner = repository.path.rstrip("/"), repository.repoid
    return name, context.due.read(context.client, owner, COMMITS_OF + name, home, ask)


def list_new_commits(
    context: Context, repository: Repository, head: str, bases: Iterable[str | None]
) -> tuple[list[Read], bool]:
    """Return the commits that a head has and the first of `bases` that GitHub knows has not, and
    whether all of them could be read.

    https://docs.github.com/rest/commits/commits#compare-two-commits
    """
    for base in bases:
        if base is None or base == head:
            continue
        commits, count, cut = list[Read](), 0, ""
        try:
            path = f"{repository.path}compare/{base}...{head}?per_page=100"
            for page in fetch_pages(context.client, path, know_nothing):
                records = read_items(page.body, "commits")
                commits += map_objects(context, "commit", records, repository)
                count += len(records)
                cut = describe_cut(page, records)
        except ApiError as problem:
            if not problem.is_unknown_commit:
                raise
            continue  # an earlier head is gone, as after a rewrite of its branch
        return commits, len(commits) == count and not cut
    return [], True
