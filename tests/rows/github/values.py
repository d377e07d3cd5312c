"""Values of every type, and payloads with one put in any place."""

import copy
from collections.abc import Iterator
from typing import Any

JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    2**31,
    2**63,
    10**30,
    1.5,
    float("inf"),
    "",
    "x",
    "\ud800",
    "0" * 40,
    "0001-01-01T00:00:00Z",
    "https://[::1/",
    [],
    [None],
    [[]],
    [{}],
    ["x"],
    {},
    {"id": {}},
    {"name": []},
)
Way = tuple[str | int, ...]


def ways(node: Any, here: Way = ()) -> Iterator[Way]:
    """Yield the way to each node of a payload."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner if isinstance(node, (dict, list)) else ():
        yield (*here, key)
        if isinstance(value, (dict, list)):
            yield from ways(value, (*here, key))


def replaced(node: Any, way: Way, value: Any) -> Any:
    """Return a payload with another value at the end of a way; the payload stays as it is."""
    if not way:
        return value
    changed = copy.copy(node)
    changed[way[0]] = replaced(node[way[0]], way[1:], value)
    return changed


def removed(node: Any, way: Way) -> Any:
    """Return a payload without the key at the end of a way; the payload stays as it is."""
    changed = copy.copy(node)
    if len(way) == 1:
        del changed[way[0]]
    else:
        changed[way[0]] = removed(node[way[0]], way[1:])
    return changed
