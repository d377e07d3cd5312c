"""Pages of lists: per_page and page, Link headers, the caps on how far one can page.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fakegithub.api.answers import Answer, Call, error

FILTERED_DEPTH = 1000
TOO_FAR = (
    "In order to keep the API fast for everyone, pagination is limited for this resource. "
    "Check the rel=last link relation in the Link response header to see how far back you can "
    "traverse."
)


class Page(NamedTuple):
    """One page: its items and the headers that lead to the others."""

    items: list[Any]
    headers: dict[str, str]


def number(call: Call, name: str, default: int, *, most: int | None = None) -> int:
    """Return a positive number of the query; what is not one is as if not given."""
    text = call.query.get(name, "")
    value = int(text) if text.isdecimal() else default
    value = value or default
    return value if most is None else min(value, most)


def page_of(call: Call, found: Sequence[Any], *, path: str, depth: int | None = None) -> Page:
    """Return the page a call asks for; beyond `depth` results pages are empty.

    `path` is the list's own path: links name a repository by its id, as GitHub's do.
    """
    per_page = number(call, "per_page", 30, most=100)
    page = number(call, "page", 1)
    reach = len(found) if depth is None else min(len(found), depth)
    start = (page - 1) * per_page
    items = list(found[start : min(start + per_page, reach)]) if start < reach else []
    last = max(1, -(-reach // per_page))
    return Page(items, links(call, path, page, last))


def links(call: Call, path: str, page: int, last: int) -> dict[str, str]:
    """Return the Link header of a page, empty where there is but one."""
    wanted: dict[str, int] = {}
    if page > 1:
        wanted |= {"prev": min(page - 1, last)}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    if page > 1:
        wanted |= {"first": 1}
    parts = [
        f'<{call.base}{path}?{urlencode({**call.query, "page": at})}>; rel="{rel}"'
        for rel, at in wanted.items()
    ]
    return {"Link": ", ".join(parts)} if parts else {}


def too_far(call: Call, depth: int) -> Answer | None:
    """Return 422 for a page that lies beyond `depth` results of an unfiltered list."""
    per_page = number(call, "per_page", 30, most=100)
    if (number(call, "page", 1) - 1) * per_page >= depth:
        return error(422, TOO_FAR)
    return None
