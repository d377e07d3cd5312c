"""Lists of an API page by page, without paying for pages that are stored already."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.http.list_course import Course, describe_endless
from backfill.http.smaller_pages import get_page, is_full, leads_on, page_after
from engines import reading
from store.state import backfill_progress
from store.state.backfill_progress import Page

MOST_PAGES = 5_000
"""Pages of one list: half a million items, more than any has."""
ROUNDS = 4
MOST_BROKEN = 2
"""Pages in a row that cannot be read, before a list is given up for this time."""

Known = Callable[[str], Page | None]
"""Tells what is known of a stored page, by its key."""


class FetchedPage(NamedTuple):
    """One page: its body, None when it is as it is stored; `page` None without an ETag."""

    key: str
    body: Any
    page: Page | None
    nextpage: str | None


def know_nothing(key: str) -> Page | None:
    """Know no page: all is asked for anew."""
    return None


def know_stored(engine: Engine, repoid: int) -> Known:
    """Know the pages that are stored of a repository."""

    def find(key: str) -> Page | None:
        with reading(engine).connect() as connection:
            return backfill_progress.page_of(connection, repoid, key)

    return find


def put_pages(connection: Connection, repoid: int, pages: Iterable[FetchedPage]) -> None:
    """Note that pages are stored."""
    for page in pages:
        if page.page is not None:
            backfill_progress.put_page(connection, repoid, page.key, page.page)


def fetch_page(client: Client, path: str, known: Known) -> FetchedPage:
    """Return one page. Raises ApiError."""
    key = client.rules.page_key(path)
    page_before = known(key)
    answer = get_page(client, path, page_before.etag if page_before else None)
    if answer.nextpage is not None and not leads_on(path, answer.nextpage):
        raise ApiError(describe_endless(client))
    if answer.body is None and page_before is not None:
        return FetchedPage(key, None, page_before, page_before.nextpage)
    page = Page(answer.etag, answer.nextpage) if answer.etag else None
    return FetchedPage(key, answer.body, page, answer.nextpage)


def fetch_pages(
    client: Client, path: str | None, known: Known, broken: list[ApiError] | None = None
) -> Iterator[FetchedPage]:
    """Yield a page and those after it; what keeps one from being read goes into `broken`.

    Raises ApiError without `broken`, and where no page is to be had.
    """
    failed, asked, before, course = 0, set[str](), None, Course()
    while path is not None:
        if path in asked or len(asked) >= MOST_PAGES:
            raise ApiError(describe_endless(client))
        asked.add(path)
        try:
            fetched = fetch_page(client, path, known)
        except ApiError as problem:
            failed, after = failed + 1, page_after(path)
            is_last = failed > MOST_BROKEN or after is None
            if broken is None or not problem.is_unsteady or (is_last and not course.pages):
                raise
            broken.append(problem)
            if is_last:
                return
            path = after
            continue
        failed = 0
        course.follow(client, fetched.body, fetched.nextpage)
        if before is not None and fetched.body == before:
            return  # its pages have no numbers: the one before was the last
        linked, fetched = fetched, look_past(path, fetched)
        before = None if fetched is linked else fetched.body
        yield fetched
        path = fetched.nextpage


def look_past(path: str, fetched: FetchedPage) -> FetchedPage:
    """Return a page that leads to the one after it, where only a link says that it is the last.

    A full page of a list without a count may have lost its link: the next is asked for by number.
    """
    body = fetched.body
    if fetched.nextpage is not None or not isinstance(body, list) or not is_full(body):
        return fetched
    after = page_after(path)
    page = fetched.page and fetched.page._replace(nextpage=after)
    return fetched._replace(nextpage=after, page=page)


def fetch_whole_list(client: Client, path: str) -> tuple[list[FetchedPage], bool, ApiError | None]:
    """Return the pages of a list, whether they are of one moment, what keeps some from being read.

    What is removed meanwhile pulls others to a page that was read before: pages count as one list
    only when they are all still the same after the last was read. Raises ApiError.
    """
    pages: list[FetchedPage] = []
    for _ in range(ROUNDS):
        before, broken = {page.key: page for page in pages}, list[ApiError]()
        pages = [
            before[page.key] if page.body is None else page
            for page in fetch_pages(client, path, know_pages(before), broken)
        ]
        if broken:
            return pages, False, broken[0]
        if len(pages) == 1 or all(is_same(before.get(page.key), page) for page in pages):
            return pages, True, None
    return pages, False, None


def is_same(before: FetchedPage | None, page: FetchedPage) -> bool:
    """Tell whether a page is as it was; one put together of smaller ones has no ETag to say so."""
    return before is page or (before is not None and before.body == page.body)


def know_pages(pages: dict[str, FetchedPage]) -> Known:
    """Know the pages that were just read."""
    return lambda key: pages[key].page if key in pages else None
