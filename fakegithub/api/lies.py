"""Lists that lie, as GitHub's do: runs left out, counts that lag, pages that end too soon.

GitHub's filtered lists come from an index that may be stale or incomplete
(https://github.com/dawidd6/action-download-artifact/issues/56,
https://github.com/max-sixty/tend/pull/348), so a list may contradict another, or its own count.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakegithub.api.answers import Answer, Call
from fakegithub.payloads.templates import Json

LISTS = ("workflow_runs", "jobs", "workflows", "commits")


@dataclass
class Lie:
    """How the lists whose path with its query matches `pattern` are told, the next `times` times.

    Items of `hidden` ids, or names, are left out of what is shown, and with `counts_shown` out of
    the count, too; `total` is added to the count (a negative number: it lags), `is_none` counts
    nothing. A page that `ends` has no link to the next one; an `is_empty` one has the link and no
    items. The first page has the `stale` items, too, and they are counted. `odd` gives fields of
    items by id, hash or name, in place of the true ones, or what is no object in place of an item.
    """

    pattern: str
    hidden: frozenset[int | str] = frozenset()
    counts_shown: bool = False
    total: int = 0
    is_none: bool = False
    ends: bool = False
    is_empty: bool = False
    odd: Mapping[object, Any] = field(default_factory=dict)
    stale: Sequence[Json] = ()
    times: int | None = None


def told(answer: Answer, call: Call, lies: list[Lie]) -> Answer:
    """Return an answer as the first lie about its list has it; any other as it is."""
    path = f"{call.path}?{call.raw_query}"
    for lie in lies:
        if answer.status == 200 and lie.times != 0 and re.search(lie.pattern, path):
            if lie.times is not None:
                lie.times -= 1
            stale = lie.stale if call.query.get("page", "1") == "1" else ()
            return Answer(200, _body(answer.body, lie, stale), _headers(answer.headers, lie))
    return answer


def _body(body: Any, lie: Lie, stale: Sequence[Json]) -> Any:
    if isinstance(body, list):
        return _items([*stale, *body], lie)
    name = next((name for name in LISTS if name in body), None)
    if name is None:
        return _odd(body, lie)
    if "total_count" not in body:
        return {**body, name: _items(body[name], lie)}
    total = body["total_count"] - (len(lie.hidden) if lie.counts_shown else 0) + lie.total
    count = 0 if lie.is_none else max(0, total + len(lie.stale))
    return {**body, "total_count": count, name: _items([*stale, *body[name]], lie)}


def _items(items: list[Json], lie: Lie) -> list[Json]:
    if lie.is_empty:
        return []
    shown = [one for one in items if one.get("id", one.get("name")) not in lie.hidden]
    return [_odd(one, lie) for one in shown]


def _odd(item: Json, lie: Lie) -> Any:
    keys = (item[key] for key in ("id", "sha", "name") if key in item)
    odd = lie.odd.get(next(keys, None), {})
    return {**item, **odd} if isinstance(odd, dict) else odd


def _headers(headers: Mapping[str, str], lie: Lie) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name != "Link" or not lie.ends}
