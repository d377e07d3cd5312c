"""A page that cannot be had whole, put together out of smaller ones.

Some answers take a server too long: it breaks off or fails again and again, and gives the same
items when it is asked for fewer at a time. Page numbers change with the size: page 2 of 100 is
pages 11 to 20 of 10.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from backfill.http.api_rules import read_count
from backfill.http.client import ApiAnswer, Client
from backfill.http.errors import ApiError

SIZES = ((100, 3), (30, 3), (10, 4))
"""How many items are asked for at a time, and how often before fewer are."""
SIZE = "per_page=100"


def get_page(client: Client, path: str, etag: str | None = None) -> ApiAnswer:
    """Return the answer to GET `path`: in smaller parts, without an ETag, where it fails.

    Raises ApiError.
    """
    if SIZE not in path.partition("?")[2].split("&"):
        return client.get(path, etag)
    problem: ApiError | None = None
    for size, tries in SIZES:
        try:
            if size == SIZES[0][0]:
                return client.get(path, etag, tries)
            return get_in_parts(client, path, size, tries)
        except ApiError as error:
            if not error.is_unsteady or error.is_no_json:
                raise
            problem = error
    raise problem or ApiError("no size of page is left")


def get_in_parts(client: Client, path: str, size: int, tries: int) -> ApiAnswer:
    """Return the items of a page, asked for `size` at a time. Raises ApiError."""
    query = dict(parse_qsl(urlsplit(path).query))
    whole = int(query["per_page"])
    if "cursor" in query or "after" in query:
        # A place in the list and no number: what follows is asked for from there.
        return client.get(change_query(path, per_page=size), tries=tries)
    number = int(query.get("page", 1))
    begin, end = (number - 1) * whole, number * whole
    merged: Any = None
    answer = None
    for part in range(begin // size + 1, -(-end // size) + 1):
        answer = client.get(change_query(path, per_page=size, page=part), tries=tries)
        if answer.nextpage and "page=" not in answer.nextpage.replace("per_page=", ""):
            return answer
        first = (part - 1) * size
        merged = merge(merged, answer.body, max(0, begin - first), end - first)
        if answer.nextpage is None and count_items(answer.body) <= end - first:
            return ApiAnswer(merged, None, None, number, answer.moved)
    moved = answer is not None and answer.moved
    return ApiAnswer(merged, None, change_query(path, page=number + 1), number, moved)


def merge(merged: Any, body: Any, first: int, last: int) -> Any:
    """Return a page with the items `first` to `last` of a smaller one added."""
    if isinstance(body, list):
        return [*(merged or []), *body[first:last]]
    if not isinstance(body, dict):
        return body
    before = merged if isinstance(merged, dict) else {}
    return {
        name: merge(before.get(name), value, first, last) if isinstance(value, list) else value
        for name, value in body.items()
    }


def count_items(body: Any) -> int:
    """Return how many items a page has."""
    lists = body.values() if isinstance(body, dict) else [body]
    return max((len(value) for value in lists if isinstance(value, list)), default=0)


def is_full(body: Any) -> bool:
    """Tell whether a page has as many items as one can."""
    return count_items(body) >= SIZES[0][0]


def change_query(path: str, **values: int) -> str:
    """Return a path with other values in its query."""
    head, _, query = path.partition("?")
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    return f"{head}?{urlencode({**pairs, **values}, safe='.:*<>=')}"


def items_before(path: str) -> int:
    """Return how many items of a list stand on the pages before one."""
    query = dict(parse_qsl(urlsplit(path).query))
    return ((read_count(query.get("page", "1")) or 1) - 1) * SIZES[0][0]


def page_after(path: str) -> str | None:
    """Return the path of the page after one that cannot be had; None where it has no number."""
    query = dict(parse_qsl(urlsplit(path).query))
    if SIZE not in path or "cursor" in query:
        return None
    return change_query(path, page=int(query.get("page", 1)) + 1)


def leads_on(path: str, nextpage: str) -> bool:
    """Tell whether a page's link leads to a later one; of places in a list nobody can tell."""
    query = dict(parse_qsl(urlsplit(nextpage).query))
    if "cursor" in query or "after" in query:
        return True
    here = dict(parse_qsl(urlsplit(path).query)).get("page", "1")
    return (read_count(query.get("page", "")) or 0) > (read_count(here) or 0)
