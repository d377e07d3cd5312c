"""Branches and commits of a project.

https://docs.gitlab.com/api/branches/ and https://docs.gitlab.com/api/commits/
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from urllib.parse import quote

from backfill.gitlab.projects import FILES, is_off, map_objects
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import ask_for, read_told
from backfill.pipeline.context import Context
from backfill.records import EVERYTHING, Json, ListedCommit, ReadRange, Repository, Unread
from engines import reading
from rows import Unmappable, fields
from rows.gitlab import clock
from store.reads import for_backfill
from store.state import backfill_progress
from store.state.commit_ranges import MOST

Heads = dict[str, str | None]
PER_PAGE = 100


def read_workflows(context: Context, repository: Repository) -> None:
    """Read nothing more: a project is one workflow, and it is stored with the project."""


def fetch_branches(context: Context, repository: Repository) -> tuple[list[Json], bool]:
    """Return the listed branches, and whether all could be read. Raises ApiError."""
    records, is_whole = list[Json](), True
    if is_off(repository.record, FILES):
        return [], False
    path = f"{repository.path}repository/branches?per_page={PER_PAGE}"
    try:
        for page in fetch_pages(context.client, path, know_nothing):
            what = f"{repository.name}: branches"
            listed, is_read = read_told(context, what, page.body, None, "name")
            records, is_whole = records + listed, is_whole and is_read
    except ApiError as problem:
        if not (problem.is_gone and repository.record.get("empty_repo") is True):
            raise
    return records, is_whole


def read_branches(context: Context, repository: Repository) -> None:
    """Store the branches, and the end of those that are listed no more. Raises ApiError."""
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        live = for_backfill.list_live_heads(connection, repository.repoid)
    records, is_whole = fetch_branches(context, repository)
    names = {record["name"] for record in records}
    gone = [{"name": name} for name in live if name not in names] if is_whole else []
    reads = map_objects(context, "branch", records, repository)
    reads += map_objects(context, "branch_gone", gone, repository)
    context.writer.put(reads)
    context.writer.flush()


def reread_branches(context: Context, repository: Repository) -> None:
    """Store the branches anew. Raises ApiError."""
    read_branches(context, repository)


def list_branches(
    context: Context, repository: Repository, stored: Iterable[str], unread: Unread
) -> Heads | None:
    """Return what each branch points at. Raises ApiError."""
    if is_off(repository.record, FILES):
        return None
    records, _ = fetch_branches(context, repository)
    heads = Heads()
    for record in records:
        commit = record.get("commit")
        heads[record["name"]] = commit.get("id") if isinstance(commit, dict) else None
    return heads


def fetch_commits(
    context: Context, repository: Repository, head: str, since: datetime | None
) -> Iterator[list[Json]]:
    """Yield the pages of a head's commits, newest first. Raises ApiError."""
    span = f"&since={since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
    name = quote(head, safe="")
    path = f"{repository.path}repository/commits?ref_name={name}&per_page={PER_PAGE}{span}"
    for page in fetch_pages(context.client, path, know_nothing):
        if isinstance(page.body, list):
            yield [one for one in page.body if isinstance(one, dict) and one.get("id")]


def read_commits(context: Context, repository: Repository, read_range: ReadRange) -> None:
    """Store the default branch's commits, back to the oldest pipeline. Raises ApiError."""
    most = read_range.commits
    since = None
    if most is None:
        context.writer.flush()
        with reading(context.engine).connect() as connection:
            since = backfill_progress.oldest_run(connection, repository.repoid)
    has_commits = repository.default_branch and not is_off(repository.record, FILES)
    if has_commits and (most is not None or since is not None):
        store_commits(context, repository, repository.default_branch, since, most)
    read_heads(context, repository)


def store_commits(
    context: Context, repository: Repository, head: str, since: datetime | None, most: int | None
) -> None:
    """Store commits of a head. Raises ApiError."""
    left = most if most is not None and most != EVERYTHING else None
    for records in fetch_commits(context, repository, head, since):
        wanted = records if left is None else records[:left]
        context.writer.put(map_objects(context, "commit", wanted, repository))
        if left is not None:
            left -= len(wanted)
            if left <= 0:
                break
    context.writer.flush()


def read_heads(context: Context, repository: Repository) -> None:
    """Store the commits that branches point at and that are not stored. Raises ApiError."""
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        heads = for_backfill.list_unknown_heads(connection, repository.repoid)
    read_named_commits(context, repository, heads)


def read_named_commits(context: Context, repository: Repository, hashes: Iterable[str]) -> None:
    """Store commits by their hashes. Raises ApiError."""

    def ask(name: str) -> Json | None:
        path = f"{repository.path}repository/commits/{name}"
        read = partial(context.client.get, path)
        answer, _ = ask_for(context, repository, f"commit {name}", read)
        body = answer.body if answer else None
        return body if isinstance(body, dict) else None

    for record in context.pool.spread(partial(ask, name) for name in hashes):
        if record is not None:
            context.writer.put(map_objects(context, "commit", [record], repository))
    context.writer.flush()


def read_moved_branches(context: Context, repository: Repository, since: datetime) -> bool:
    """Store branches, commits of the default branch since a time, and those others point at.

    Raises ApiError.
    """
    read_branches(context, repository)
    if repository.default_branch and not is_off(repository.record, FILES):
        try:
            store_commits(context, repository, repository.default_branch, since, MOST)
        except ApiError as problem:
            if not problem.is_gone:  # a project without a commit
                raise
    read_heads(context, repository)
    return True


def list_commits(
    context: Context,
    repository: Repository,
    heads: Heads,
    since: datetime,
    side: datetime | None,
    unread: Unread,
) -> list[ListedCommit]:
    """Return the default branch's commits since a time. Raises ApiError."""
    main = repository.default_branch
    if main not in heads:
        return []
    listed = list[ListedCommit]()
    for records in fetch_commits(context, repository, main, since):
        for record in records:
            try:
                time = clock.moment(record, "committed_date", "commit")
                name = fields.key(fields.sha, record, "id", "commit")
            except Unmappable:
                continue
            listed.append(ListedCommit(name, time, main))
    return listed
