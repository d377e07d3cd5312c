"""Branches as GitHub lists them, and the commits that branches moved over.

What is remembered of a repository: a fingerprint of its branches as they are stored, and for
each branch the head whose commits are known to be stored.

https://docs.github.com/rest/branches/branches#list-branches
"""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection

from backfill.github.commits import read_default_branch, read_heads
from backfill.github.repository_lookup import map_objects
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import FetchedPage, Known, fetch_pages, know_nothing, know_stored
from backfill.pipeline.api_objects import read_named
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from engines import reading
from store.doors.api import Read
from store.reads import for_audit, for_backfill
from store.state import backfill_progress, notes
from store.state.backfill_progress import CLOSED

BRANCHES = "branches?per_page=100"
ROUNDS = 4
STORED, HEADS = "branches stored", "heads"
COMMITS_OF = "commits of branch "
MOST = 200
"""Branches compared at a time: a repository with thousands of new ones takes several cycles."""

Heads = dict[str, str]


def read_branches(context: Context, repository: Repository) -> None:
    """Store the branches; one that is no longer listed is deleted, if the list is whole.

    Nothing is done when no page changed. Raises ApiError.
    """
    known, broken = know_stored(context.engine, repository.repoid), list[ApiError]()
    path = repository.path + BRANCHES
    changed = [page.body is not None for page in fetch_pages(context.client, path, known, broken)]
    if not any(changed) and not broken:
        return
    pages, is_whole = fetch_whole_list(context, repository)
    listed = list[Json]()
    for page in pages:
        records = read_items(page.body)
        branches = map_objects(context, "branch", records, repository)
        listed += read_named(page.body, name="name")[0]
        is_whole = is_whole and len(branches) == len(records)
        context.writer.put(branches)
    gone: list[Json] = []
    if is_whole:  # else one that cannot be read could be any
        context.writer.flush()
        with reading(context.engine).connect() as connection:
            live = for_audit.list_heads(connection, repository.repoid)
        names = sorted(live.keys() - {branch["name"] for branch in listed})
        gone = [{"name": name} for name in names]
    keep = partial(put_pages, repository=repository, pages=pages if is_whole else [])
    context.writer.put(map_objects(context, "branch_gone", gone, repository), keep)


def fetch_whole_list(context: Context, repository: Repository) -> tuple[list[FetchedPage], bool]:
    """Return the pages of branches, and whether they are of one moment.

    A branch deleted meanwhile pulls others to a page that was read before: pages count as one
    list only when they are all still the same after the last was read.
    """
    pages: list[FetchedPage] = []
    for _ in range(ROUNDS):
        before, broken = {page.key: page for page in pages}, list[ApiError]()
        path = repository.path + BRANCHES
        pages = [
            before[page.key] if page.body is None else page
            for page in fetch_pages(context.client, path, know_pages(before), broken)
        ]
        if broken:
            context.reporter.report(f"{repository.name}: some branches are not read: {broken[0]}")
            return pages, False
        if len(pages) == 1 or all(is_same(before.get(page.key), page) for page in pages):
            return pages, True
    return pages, False


def is_same(before: FetchedPage | None, page: FetchedPage) -> bool:
    """Tell whether a page is as it was; one put together of smaller ones has no ETag to say so."""
    return before is page or (before is not None and before.body == page.body)


def know_pages(pages: dict[str, FetchedPage]) -> Known:
    """Know the pages that were just read."""
    return lambda key: pages[key].page if key in pages else None


def put_pages(connection: Connection, repository: Repository, pages: list[FetchedPage]) -> None:
    """Note that pages are stored."""
    for page in pages:
        if page.page is not None:
            backfill_progress.put_page(connection, repository.repoid, page.key, page.page)


def reread_branches(context: Context, repository: Repository) -> None:
    """Store the branches anew, also those of pages that are as they were. Raises ApiError."""
    forget_pages(context, repository)
    read_branches(context, repository)


def forget_pages(context: Context, repository: Repository) -> None:
    """Forget the pages of branches, so that all are read, also those that are as they were."""
    path = BRANCHES.partition("?")[0]
    context.writer.put(note=lambda c: backfill_progress.drop_pages(c, repository.repoid, path))
    context.writer.flush()


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
        commits, count = list[Read](), 0
        try:
            path = f"{repository.path}compare/{base}...{head}?per_page=100"
            for page in fetch_pages(context.client, path, know_nothing):
                records = read_items(page.body, "commits")
                commits += map_objects(context, "commit", records, repository)
                count += len(records)
        except ApiError as problem:
            if not problem.is_unknown_commit:
                raise
            continue  # an earlier head is gone, as after a rewrite of its branch
        return commits, len(commits) == count
    return [], True
