"""The branches and workflows of a repository as GitHub lists them.

https://docs.github.com/rest/branches/branches#list-branches
https://docs.github.com/rest/actions/workflows#list-repository-workflows
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from backfill.github.context import reads
from backfill.http.pagination import Fetched, Known, chain, stored
from backfill.pipeline.context import Context
from backfill.pipeline.writer import AtomicWrite
from backfill.records import Json, Repository
from engines import reading
from store.reads import for_backfill
from store.state import backfill_progress

BRANCHES = "branches?per_page=100"
WORKFLOWS = "actions/workflows?per_page=100"
ROUNDS = 4


def read_branches(context: Context, repository: Repository) -> None:
    """Store the branches; one that is no longer listed is deleted, if the list is whole.

    Nothing is done when no page changed. Raises ApiError.
    """
    held = stored(context.engine, repository.repoid)
    if not any(
        page.body is not None for page in chain(context.client, repository.path + BRANCHES, held)
    ):
        return
    pages, is_whole = whole_list(context, repository)
    listed: list[Json] = [branch for page in pages for branch in page.body]
    for page in pages:
        context.writer.put(AtomicWrite(reads(context, "branch", page.body, repository)))
    gone: list[Json] = []
    if is_whole:
        context.writer.flush()
        with reading(context.engine).connect() as connection:
            live = for_backfill.list_live_branches(connection, repository.repoid)
        names = sorted(live - {str(branch["name"]) for branch in listed})
        gone = [{"name": name} for name in names]
    keep = partial(put_pages, repository=repository, pages=pages if is_whole else [])
    context.writer.put(AtomicWrite(reads(context, "branch_gone", gone, repository), keep))


def whole_list(context: Context, repository: Repository) -> tuple[list[Fetched], bool]:
    """Return the pages of branches, and whether they are of one moment.

    A branch deleted meanwhile pulls others to a page that was read before: pages count as one
    list only when they are all still the same after the last was read.
    """
    pages: list[Fetched] = []
    for _ in range(ROUNDS):
        before = {page.key: page for page in pages}
        pages = [
            before[page.key] if page.body is None else page
            for page in chain(context.client, repository.path + BRANCHES, pages_known(before))
        ]
        if len(pages) == 1 or all(before.get(page.key) is page for page in pages):
            return pages, True
    return pages, False


def pages_known(pages: dict[str, Fetched]) -> Known:
    """Know the pages that were just read."""
    return lambda key: pages[key].page if key in pages else None


def put_pages(connection: Connection, repository: Repository, pages: list[Fetched]) -> None:
    """Note that pages are stored."""
    for page in pages:
        if page.page is not None:
            backfill_progress.put_page(connection, repository.repoid, page.key, page.page)


def reread_branches(context: Context, repository: Repository) -> None:
    """Store the branches anew, also those of pages that are as they were. Raises ApiError."""
    forget = partial(
        backfill_progress.drop_pages, repoid=repository.repoid, path=BRANCHES.partition("?")[0]
    )
    context.writer.put(AtomicWrite((), forget))
    context.writer.flush()
    read_branches(context, repository)


def read_workflows(context: Context, repository: Repository) -> None:
    """Store the workflows: runs name theirs by its number only. Raises ApiError."""
    for page in chain(
        context.client, repository.path + WORKFLOWS, stored(context.engine, repository.repoid)
    ):
        if page.body is not None:
            found = reads(context, "workflow", page.body["workflows"], repository)
            context.writer.put(
                AtomicWrite(found, partial(put_pages, repository=repository, pages=[page]))
            )
