"""Commits: the default branch's back to the oldest run, and those that branches point at.

https://docs.github.com/rest/commits/commits#list-commits
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from backfill.command.arguments import EVERYTHING
from backfill.github.context import Desk, Here, Json, reads
from backfill.github.windows import BEGINNING, stamp
from backfill.http.errors import Problem
from backfill.http.pagination import fetch, nothing
from backfill.pipeline.writer import Part
from engines.mysql import reading
from rows import fields
from store.doors.api import Read
from store.reads import for_backfill
from store.state import backfill_progress
from store.state.backfill_progress import CLOSED, OPEN, Walk

EMPTY = 409
UNKNOWN = {404, 409, 422}

Task = Callable[[], list[Read]]


class Depth:
    """How far back commits are wanted: so many, or those since a time."""

    def __init__(self, commits: int | None, oldest: datetime | None) -> None:
        self.most = commits if commits is not None and commits != EVERYTHING else None
        self.since = BEGINNING if commits == EVERYTHING else oldest

    def is_reached(self, walk: Walk) -> bool:
        """Tell whether a closed walk goes back far enough."""
        if walk.since == BEGINNING:
            return True
        if self.most is not None:
            return walk.total >= self.most
        return self.since is None or (walk.since is not None and walk.since <= self.since)


def read_commits(desk: Desk, here: Here, commits: int | None) -> None:
    """Store the commits that are wanted, and the branches' heads. Raises Problem."""
    read_default(desk, here, commits)
    read_heads(desk, here)


def read_default(
    desk: Desk, here: Here, commits: int | None, since: datetime | None = None
) -> None:
    """Store the default branch's commits: so many, or back to the oldest run, or `since`.

    Raises Problem.
    """
    desk.writer.flush()
    with reading(desk.engine).connect() as connection:
        head = for_backfill.head_of(connection, here.repoid, str(here.repository["default_branch"]))
        oldest = backfill_progress.oldest_run(connection, here.repoid)
        walks = backfill_progress.walks_of(connection, here.repoid)
    if head is None:
        desk.show.say(f"{here.name}: the repository is empty, or its default branch is not listed")
        return
    depth = Depth(commits, min(filter(None, (oldest, since)), default=None))
    if depth.most is not None or depth.since is not None:
        walk(desk, here, head, depth, walks)


def walk(desk: Desk, here: Here, head: str, depth: Depth, walks: list[Walk]) -> None:
    """Store the default branch's commits, beginning where an earlier walk ended or stopped."""
    done = next((one for one in walks if one.state == CLOSED), None)
    if done and not depth.is_reached(done):
        done = None
    if done and done.head == head:
        return
    begun = next((one for one in walks if one.head == head and one.state == OPEN), None)
    if begun is None and done:
        begun = Walk(head, since=done.since, total=done.total, nextpage=between(here, done, head))
    if begun is None or (begun.since or BEGINNING) > (depth.since or BEGINNING):
        begun = Walk(head, since=None if depth.most else depth.since, nextpage=below(head, depth))
    try:
        follow(desk, here, begun, depth)
    except Problem as problem:
        if problem.status not in UNKNOWN or problem.status == EMPTY:
            raise
        # The commit that an earlier walk began from is gone: all is read anew.
        follow(desk, here, Walk(head, since=depth.since, nextpage=below(head, depth)), depth)


def below(head: str, depth: Depth) -> str:
    """Return the path of a head's history."""
    since = depth.since if depth.most is None else None
    bound = f"&since={stamp(since)}" if since not in (None, BEGINNING) and since else ""
    return f"commits?per_page=100&sha={head}{bound}"


def between(here: Here, done: Walk, head: str) -> str:
    """Return the path of the commits that a new head has and an earlier one had not."""
    return f"compare/{done.head}...{head}?per_page=100"


def follow(desk: Desk, here: Here, begun: Walk, depth: Depth) -> None:
    """Store the pages of a walk, each with the note of how far it came."""
    path = begun.nextpage
    oldest = begun.since
    while path is not None:
        fetched = fetch(desk.client, path if path.startswith("/") else here.path + path, nothing)
        is_comparison = isinstance(fetched.body, dict)
        found: list[Json] = fetched.body["commits"] if is_comparison else fetched.body
        path = fetched.nextpage
        if depth.most is not None and not is_comparison:
            found = found[: max(0, depth.most - begun.total)]
            oldest = BEGINNING if path is None else oldest_of(found)
            if begun.total + len(found) >= depth.most:
                path = None
        state = CLOSED if path is None else OPEN
        since = oldest if state == CLOSED else begun.since
        begun = Walk(begun.head, state, since, begun.total + len(found), path)
        note = partial(backfill_progress.put_walk, repoid=here.repoid, walk=begun)
        desk.writer.put(Part(reads(desk, "commit", found, here), note))
        desk.show.advance("commits", len(found))


def oldest_of(found: list[Json]) -> datetime | None:
    """Return the time of the last commit of a page: lists are by the committer's time."""
    if not found:
        return None
    committer = found[-1]["commit"]["committer"] or {}
    return fields.moment(committer, "date", "commit.committer")


def read_heads(desk: Desk, here: Here) -> None:
    """Store the commits that branches point at, where they are not stored yet."""
    desk.writer.flush()
    with reading(desk.engine).connect() as connection:
        heads = for_backfill.unknown_heads(connection, here.repoid)
    tasks: Iterator[Task] = (partial(read_head, desk, here, head) for head in heads)
    for found in desk.pool.spread(tasks):
        desk.writer.put(Part(found))
        desk.show.advance("commits", len(found))
    desk.writer.flush()


def read_head(desk: Desk, here: Here, head: str) -> list[Read]:
    """Return one commit; nothing when it is gone by now."""
    try:
        answer = desk.client.get(f"{here.path}commits?per_page=1&sha={head}")
    except Problem as problem:
        if problem.status not in UNKNOWN:
            raise
        return []
    return reads(desk, "commit", answer.body[:1], here)
