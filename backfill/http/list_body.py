"""What the body of a list holds. Pure; nothing is believed of its shape."""

from collections.abc import Iterable
from typing import Any

from backfill.http.errors import ApiError

MOST = 10**9
"""Items: more than any list has."""


def read_total(body: Any) -> int:
    """Return how many a list says it has. Raises ApiError where it does not."""
    total = body.get("total_count") if isinstance(body, dict) else None
    if type(total) is not int or not 0 <= total < MOST:
        raise ApiError("a list cannot be read: total_count is missing or no number")
    return total


def read_items(body: Any, name: str | None = None) -> list[Any]:
    """Return what a list holds, under `name` where it has one. Raises ApiError for no list."""
    items = body.get(name) if name and isinstance(body, dict) else body
    if not isinstance(items, list):
        raise ApiError(f"a list cannot be read: {name or 'it'} is no list")
    return items


def ids_of(items: list[Any]) -> list[int]:
    """Return the ids of items that have one."""
    return [item["id"] for item in items if isinstance(item, dict) and type(item.get("id")) is int]


def check_all(items: Iterable[object], name: str, value: int) -> None:
    """Raise ApiError where an item is of another whole than the one whose list was asked for."""
    for item in items:
        told = item.get(name) if isinstance(item, dict) else None
        if type(told) is int and told != value:
            raise ApiError(f"a list cannot be read: it has items of another {name}")
