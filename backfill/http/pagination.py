"""Lists of GitHub page by page, without paying for pages that are stored already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine

from backfill.http.client import Client
from engines import reading
from store.state import backfill_progress
from store.state.backfill_progress import Page

ABOVE = re.compile(r"/(?:repos/[^/]+/[^/]+|repositories/[0-9]+)/")


Known = Callable[[str], Page | None]
"""Tells what is known of a stored page, by its key."""


class Fetched(NamedTuple):
    """One page: its body, None when it is as it is stored; `page` None without an ETag."""

    key: str
    body: Any
    page: Page | None
    nextpage: str | None


def key_of(path: str) -> str:
    """Return a page's path below its repository: the same under every name it goes by."""
    return ABOVE.sub("", path, count=1)


def nothing(key: str) -> Page | None:
    """Know no page: all is asked for anew."""
    return None


def stored(engine: Engine, repoid: int) -> Known:
    """Know the pages that are stored of a repository."""

    def find(key: str) -> Page | None:
        with reading(engine).connect() as connection:
            return backfill_progress.page_of(connection, repoid, key)

    return find


def fetch(client: Client, path: str, known: Known) -> Fetched:
    """Return one page. Raises ApiError."""
    key = key_of(path)
    held = known(key)
    answer = client.get(path, held.etag if held else None)
    if answer.body is None and held is not None:
        return Fetched(key, None, held, held.nextpage)
    page = Page(answer.etag, answer.nextpage) if answer.etag else None
    return Fetched(key, answer.body, page, answer.nextpage)


def chain(client: Client, path: str | None, known: Known) -> Iterator[Fetched]:
    """Yield a page and those after it. Raises ApiError."""
    while path is not None:
        fetched = fetch(client, path, known)
        yield fetched
        path = fetched.nextpage
