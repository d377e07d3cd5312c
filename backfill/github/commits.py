"""Commits: the default branch's back to the oldest run, and those that branches point at.

https://docs.github.com/rest/commits/commits#list-commits
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from backfill.github.repository_lookup import describe_cut, map_each, map_objects
from backfill.github.windows import CommitDepth, history_path
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.context import Context
from backfill.records import BEGINNING, Json, ListedCommit, Repository, Unread, UnreadItem
from engines import reading
from rows import fields
from store.doors.api import Read
from store.reads import for_backfill
from store.state import backfill_progress
from store.state.backfill_progress import CLOSED, OPEN, Walk

Task = Callable[[], list[Read]]


def read_commits(context: Context, repository: Repository, commits: int | None) -> None:
    """Store the commits that are wanted, and the branches' heads. Raises ApiError."""
    read_default_branch(context, repository, commits)
    read_heads(context, repository)


def read_default_branch(
    context: Context, repository: Repository, commits: int | None, since: datetime | None = None
) -> None:
    """Store the default branch's commits: so many, or back to the oldest run, or `since`.

    Raises ApiError.
    """
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        head = for_backfill.find_head(connection, repository.repoid, repository.default_branch)
        oldest = backfill_progress.oldest_run(connection, repository.repoid)
        walks = backfill_progress.walks_of(connection, repository.repoid)
    if head is None:
        why = "the repository is empty, or its default branch is not listed"
        return context.reporter.say(f"{repository.name}: {why}")
    depth = CommitDepth(commits, min(filter(None, (oldest, since)), default=None))
    if depth.most is None and depth.since is None:
        return
    ask = partial(walk_history, context, repository, head, depth, walks)
    item = f"history of branch {repository.default_branch}"
    context.due.read(context.client, repository.repoid, item, repository.path.rstrip("/"), ask)


def walk_history(
    context: Context, repository: Repository, head: str, depth: CommitDepth, walks: list[Walk]
) -> None:
    """Store the default branch's commits, beginning where an earlier walk ended or stopped.

    Raises ApiError where not all of them can be read.
    """
    done = next((one for one in walks if one.state == CLOSED), None)
    if done and not depth.is_reached(done):
        done = None
    if done and done.head == head:
        return
    begun = next((one for one in walks if one.head == head and one.state == OPEN), None)
    if begun is None and done:
        begun = done._replace(
            head=head, state=OPEN, nextpage=f"compare/{done.head}...{head}?per_page=100"
        )
    since = None if depth.most else depth.since
    anew = Walk(head, since=since, nextpage=history_path(head, depth))
    if begun is None or (begun.since or BEGINNING) > (depth.since or BEGINNING):
        begun = anew
    try:
        follow_walk(context, repository, begun, depth)
    except ApiError as problem:
        is_no_way = problem.is_unsteady and "compare/" in (begun.nextpage or "")
        if problem.is_empty or not (problem.is_unknown_commit or is_no_way):
            raise
        # The commit that an earlier walk began from is gone, or too far away: all is read anew.
        follow_walk(context, repository, anew, depth)


def follow_walk(context: Context, repository: Repository, begun: Walk, depth: CommitDepth) -> None:
    """Store the pages of a walk, each with the note of how far it came.

    Raises ApiError where one cannot be had: the walk stands there then, and those after it are
    stored all the same.
    """
    path, oldest = begun.nextpage or "", begun.since
    path = path if path.startswith("/") else repository.path + path
    stood: Walk | None = None  # where the first page is that cannot be read wholly
    broken = list[ApiError]()
    for fetched in fetch_pages(context.client, path, know_nothing, broken):
        is_comparison = isinstance(fetched.body, dict)
        try:
            commits: list[Any] = read_items(fetched.body, "commits" if is_comparison else None)
        except ApiError as problem:
            broken.append(problem)
            commits = []
        nextpage = fetched.nextpage
        if depth.most is not None and not is_comparison:
            commits = commits[: max(0, depth.most - begun.total)]
            oldest = BEGINNING if nextpage is None else oldest_time(commits)
            if begun.total + len(commits) >= depth.most:
                nextpage = None
        mapped = map_objects(context, "commit", commits, repository)
        if cut := describe_cut(fetched, commits):
            broken.append(ApiError(cut))
        if stood is None and (broken or len(mapped) < len(commits)):
            stood = begun
        begun = begun._replace(total=begun.total + len(commits), nextpage=nextpage)
        if nextpage is None and stood is None:
            begun = begun._replace(state=CLOSED, since=oldest)
        note = partial(backfill_progress.put_walk, repoid=repository.repoid, walk=stood or begun)
        context.writer.put(mapped, note)
        context.reporter.advance("commits", len(commits))
        if nextpage is None:
            break
    if broken:
        raise broken[0]


def oldest_time(commits: list[Any]) -> datetime | None:
    """Return the time of the last commit of a page: lists are by the committer's time."""
    objects = [commit for commit in commits if isinstance(commit, dict)]
    if not objects:
        return None
    commit = fields.child(objects[-1], "commit", "commit") or {}
    committer = fields.child(commit, "committer", "commit") or {}
    return fields.moment(committer, "date", "commit.committer")


def read_heads(context: Context, repository: Repository) -> None:
    """Store the commits that branches point at, where they are not stored yet."""
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        heads = for_backfill.list_unknown_heads(connection, repository.repoid)
    items = {f"commit {head}" for head in heads}  # the others came another way
    context.due.forget_others(repository.repoid, "commit ", items)
    tasks: Iterator[Task] = (partial(read_commit, context, repository, head) for head in heads)
    for commits in context.pool.spread(tasks):
        context.writer.put(commits)
        context.reporter.advance("commits", len(commits))
    context.writer.flush()


def read_commit(context: Context, repository: Repository, head: str) -> list[Read]:
    """Return one commit; nothing when it is gone by now, or cannot be read now."""
    ask, home = partial(fetch_commit, context, repository, head), repository.path.rstrip("/")
    name = f"commit {head}"
    return context.due.read(context.client, repository.repoid, name, home, ask) or []


def fetch_commit(context: Context, repository: Repository, head: str) -> list[Read]:
    """Return one commit; nothing when it is gone by now. Raises ApiError."""
    try:
        answer = context.client.get(f"{repository.path}commits?per_page=1&sha={head}")
    except ApiError as problem:
        if not problem.is_unknown_commit:
            raise
        return []
    return map_objects(context, "commit", read_items(answer.body)[:1], repository)


def read_named_commits(context: Context, repository: Repository, hashes: Iterable[str]) -> None:
    """Store commits by their hashes, those that are gone left out. Raises ApiError."""
    tasks = (partial(read_commit, context, repository, one) for one in hashes)
    for commit in context.pool.spread(tasks):
        context.writer.put(commit)
    context.writer.flush()


def list_commits(
    context: Context,
    repository: Repository,
    heads: dict[str, str | None],
    since: datetime,
    side: datetime | None,
    unread: Unread,
) -> list[ListedCommit]:
    """Return the commits of the default branch since a time, and those of other branches.

    `side` None leaves the others out. Raises ApiError.
    """
    default = repository.default_branch
    head = heads.get(default)
    if head is None:
        return []
    path = history_path(head, CommitDepth(None, since))
    commits = read_commit_list(context, repository, path, default, unread)
    if side is None:
        return commits
    known = {commit.hash for commit in commits}
    others = {name: sha for name, sha in heads.items() if sha and sha not in known}
    tasks = (
        partial(list_side_commits, context, repository, head, name, sha, unread)
        for name, sha in others.items()
    )
    for more in context.pool.spread(tasks):
        commits += [commit for commit in more if commit.time and commit.time >= side]
    return commits


def list_side_commits(
    context: Context, repository: Repository, base: str, name: str, head: str, unread: Unread
) -> list[ListedCommit]:
    """Return the commits that a branch has and the default branch has not."""
    try:
        path = f"compare/{base}...{head}?per_page=100"
        return read_commit_list(context, repository, path, name, unread)
    except ApiError as problem:
        if not problem.is_unknown_commit:
            raise
        return []  # it moved or went meanwhile, or shares no history: its head is asked for alone


def read_commit_list(
    context: Context, repository: Repository, path: str, branch: str, unread: Unread
) -> list[ListedCommit]:
    """Return the commits of a list or of a comparison; a page that is broken is left out."""
    commits, broken = list[ListedCommit](), list[ApiError]()
    map_one = partial(map_commit, branch=branch)
    try:
        for page in fetch_pages(context.client, repository.path + path, know_nothing, broken):
            listed = read_items(page.body, "commits" if isinstance(page.body, dict) else None)
            commits += map_each(context, "commit", map_one, listed, unread)
            if cut := describe_cut(page, listed):
                broken.append(ApiError(cut))
    except ApiError as problem:
        if not problem.is_unsteady:
            raise
        broken.append(problem)
    if broken:
        unread.append(UnreadItem("commits of branch", branch, str(broken[0])))
    return commits


def map_commit(record: Json, branch: str) -> ListedCommit:
    """Return a listed commit. Raises Unmappable."""
    at = "commit"
    commit = fields.child(record, "commit", at) or {}
    committer = fields.child(commit, "committer", at) or {}
    time = fields.moment(committer, "date", "commit.committer")
    return ListedCommit(fields.key(fields.sha, record, "sha", at), time, branch)
