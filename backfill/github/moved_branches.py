"""Branches that moved, and the commits that this brought.

What is remembered of a repository: a fingerprint of its branches as they are stored, and for
each branch the head whose commits are known to be stored.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from hashlib import sha256

from backfill.github.branches import read_branches
from backfill.github.commits import UNKNOWN, read_default, read_heads
from backfill.github.context import reads
from backfill.http.errors import ApiError
from backfill.http.pagination import chain, nothing
from backfill.pipeline.context import Context
from backfill.pipeline.writer import AtomicWrite
from backfill.records import Repository
from engines import reading
from store.doors.api import Read
from store.reads import for_backfill
from store.state import backfill_progress, notes
from store.state.backfill_progress import CLOSED

STORED, HEADS = "branches stored", "heads"
MOST = 200
"""Branches compared at a time: a repository with thousands of new ones takes several cycles."""

Heads = dict[str, str]


def read_moved_branches(context: Context, repository: Repository, since: datetime) -> bool:
    """Store branches and the commits they moved over; False when some are left for next time.

    The default branch is read back to its oldest run, at least to `since`. Raises ApiError.
    """
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        live = for_backfill.list_live_heads(connection, repository.repoid)
        stored = notes.text(connection, subject(repository), STORED)
    if stored != fingerprint(live):
        # Webhooks moved branches since the list was stored: that it is unchanged says nothing.
        context.writer.put(
            AtomicWrite(
                (), lambda c: backfill_progress.drop_pages(c, repository.repoid, "branches")
            )
        )
        context.writer.flush()
    read_branches(context, repository)
    read_default(context, repository, None, since)
    is_whole = compare(context, repository)
    if is_whole:
        read_heads(context, repository)
    return is_whole


def subject(repository: Repository) -> str:
    """Return what a repository's marks are about."""
    return str(repository.repoid)


def fingerprint(live: Heads) -> str:
    """Return a short text that differs where any branch does."""
    return sha256(json.dumps(sorted(live.items())).encode()).hexdigest()


def compare(context: Context, repository: Repository) -> bool:
    """Store the commits of each branch whose head is new; tell whether all were compared."""
    with reading(context.engine).connect() as connection:
        live = for_backfill.list_live_heads(connection, repository.repoid)
        walks = backfill_progress.walks_of(connection, repository.repoid)
        stored = notes.text(connection, subject(repository), STORED)
        before: Heads = json.loads(notes.text(connection, subject(repository), HEADS) or "{}")
    main = repository.default_branch
    heads = {name: head for name, head in before.items() if name in live}
    if any(walk.state == CLOSED and walk.head == live.get(main) for walk in walks):
        heads[main] = live[main]
    moved = sorted(name for name, head in live.items() if heads.get(name) != head)
    tasks = (
        partial(brought, context, repository, name, live[name], [heads.get(name), live.get(main)])
        for name in moved[:MOST]
    )
    for name, found in context.pool.spread(tasks):
        context.writer.put(AtomicWrite(found))
        heads[name] = live[name]
    if heads != before:
        text = json.dumps(heads)
        context.writer.put(
            AtomicWrite((), lambda c: notes.put(c, subject(repository), HEADS, text))
        )
    if stored != fingerprint(live):
        context.writer.put(
            AtomicWrite((), lambda c: notes.put(c, subject(repository), STORED, fingerprint(live)))
        )
    context.writer.flush()
    return len(moved) <= MOST


def brought(
    context: Context, repository: Repository, name: str, head: str, bases: list[str | None]
) -> tuple[str, list[Read]]:
    """Return the commits that a head has and the first of `bases` that GitHub knows has not.

    https://docs.github.com/rest/commits/commits#compare-two-commits
    """
    for base in bases:
        if base is None or base == head:
            continue
        found: list[Read] = []
        try:
            path = f"{repository.path}compare/{base}...{head}?per_page=100"
            for page in chain(context.client, path, nothing):
                found += reads(context, "commit", page.body["commits"], repository)
        except ApiError as problem:
            if problem.status not in UNKNOWN:
                raise
            continue  # an earlier head is gone, as after a rewrite of its branch
        return name, found
    return name, []
