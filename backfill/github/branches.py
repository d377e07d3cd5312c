"""The branches and workflows of a repository as GitHub lists them.

https://docs.github.com/rest/branches/branches#list-branches
https://docs.github.com/rest/actions/workflows#list-repository-workflows
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from backfill.github.context import Desk, Here, Json, reads
from backfill.http.pagination import Fetched, Known, chain, stored
from backfill.pipeline.writer import Part
from engines.mysql import reading
from store.reads import for_backfill
from store.state import backfill_progress

BRANCHES = "branches?per_page=100"
WORKFLOWS = "actions/workflows?per_page=100"
ROUNDS = 4


def read_branches(desk: Desk, here: Here) -> None:
    """Store the branches; one that is no longer listed is deleted, if the list is whole.

    Nothing is done when no page changed. Raises Problem.
    """
    held = stored(desk.engine, here.repoid)
    if not any(page.body is not None for page in chain(desk.client, here.path + BRANCHES, held)):
        return
    pages, is_whole = whole_list(desk, here)
    listed: list[Json] = [branch for page in pages for branch in page.body]
    for page in pages:
        desk.writer.put(Part(reads(desk, "branch", page.body, here)))
    gone: list[Json] = []
    if is_whole:
        desk.writer.flush()
        with reading(desk.engine).connect() as connection:
            live = for_backfill.live_branches(connection, here.repoid)
        names = sorted(live - {str(branch["name"]) for branch in listed})
        gone = [{"name": name} for name in names]
    keep = partial(put_pages, here=here, pages=pages if is_whole else [])
    desk.writer.put(Part(reads(desk, "branch_gone", gone, here), keep))


def whole_list(desk: Desk, here: Here) -> tuple[list[Fetched], bool]:
    """Return the pages of branches, and whether they are of one moment.

    A branch deleted meanwhile pulls others to a page that was read before: pages count as one
    list only when they are all still the same after the last was read.
    """
    pages: list[Fetched] = []
    for _ in range(ROUNDS):
        before = {page.key: page for page in pages}
        pages = [
            before[page.key] if page.body is None else page
            for page in chain(desk.client, here.path + BRANCHES, pages_known(before))
        ]
        if len(pages) == 1 or all(before.get(page.key) is page for page in pages):
            return pages, True
    return pages, False


def pages_known(pages: dict[str, Fetched]) -> Known:
    """Know the pages that were just read."""
    return lambda key: pages[key].page if key in pages else None


def put_pages(connection: Connection, here: Here, pages: list[Fetched]) -> None:
    """Note that pages are stored."""
    for page in pages:
        if page.page is not None:
            backfill_progress.put_page(connection, here.repoid, page.key, page.page)


def read_workflows(desk: Desk, here: Here) -> None:
    """Store the workflows: runs name theirs by its number only. Raises Problem."""
    for page in chain(desk.client, here.path + WORKFLOWS, stored(desk.engine, here.repoid)):
        if page.body is not None:
            found = reads(desk, "workflow", page.body["workflows"], here)
            desk.writer.put(Part(found, partial(put_pages, here=here, pages=[page])))
