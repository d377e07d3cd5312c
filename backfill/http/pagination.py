"""Lists of an API page by page, without paying for pages that are stored already."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.http.client import Client
from engines import reading
from store.state import backfill_progress
from store.state.backfill_progress import Page

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


def fetch_page(client: Client, path: str, known: Known) -> FetchedPage:
    """Return one page. Raises ApiError."""
    key = client.rules.page_key(path)
    page_before = known(key)
    answer = client.get(path, page_before.etag if page_before else None)
    if answer.body is None and page_before is not None:
        return FetchedPage(key, None, page_before, page_before.nextpage)
    page = Page(answer.etag, answer.nextpage) if answer.etag else None
    return FetchedPage(key, answer.body, page, answer.nextpage)


def fetch_pages(client: Client, path: str | None, known: Known) -> Iterator[FetchedPage]:
    """Yield a page and those after it. Raises ApiError."""
    while path is not None:
        fetched = fetch_page(client, path, known)
        yield fetched
        path = fetched.nextpage
