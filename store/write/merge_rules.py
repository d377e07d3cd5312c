"""What a new record makes of a stored row, told beforehand: the same rules as `store.write.upsert`.

It tells which rows need not be written at all. Skipping them is safe beside other writers: a
version never goes back, and a known value is never replaced by nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from rows import StoredName
from schema.tables.ci import keys, metadata

Values = dict[str, Any]
Rule = Callable[[Any, Any, bool], Any]


def newer_wins(new: Any, old: Any, newer: bool) -> Any:
    return new if newer else old


def known_wins(new: Any, old: Any, newer: bool) -> Any:
    first, second = (new, old) if newer else (old, new)
    return second if first is None else first


def latest_wins(new: Any, old: Any, newer: bool) -> Any:
    return old if new is None else new


def least_wins(new: Any, old: Any, newer: bool) -> Any:
    return min((one for one in (new, old) if one is not None), default=None)


def greatest_wins(new: Any, old: Any, newer: bool) -> Any:
    return max((one for one in (new, old) if one is not None), default=None)


def given_wins(new: Any, old: Any, newer: bool) -> Any:
    return new


RULES: dict[str, Rule] = {
    "state": newer_wins,
    "fixed": known_wins,
    "place": latest_wins,
    "first": least_wins,
    "last": greatest_wins,
    "sticky": greatest_wins,
    "derived": given_wins,
}


@cache
def rules(table: str) -> dict[str, Rule]:
    """Return how each column of a table is merged, but for its key and version."""
    found = metadata.tables[table]
    left_out = {*keys(found), "version"}
    return {
        column.name: RULES[column.info["kind"]]
        for column in found.columns
        if column.name not in left_out and column.info["kind"] in RULES
    }


def merged(table: str, stored: Values, new: Values) -> Values:
    """Return the stored row after a new record. A name that only the store knows stays open."""
    after = dict(stored)
    newer = "version" in new and new["version"] > stored["version"]
    for name, rule in rules(table).items():
        if name in new and name in stored:
            after[name] = rule(told(new[name], stored[name]), stored[name], newer)
    if newer:
        after["version"] = new["version"]
    return after


def told(new: Any, stored: Any) -> Any:
    """Return a new value; a name to be looked up is taken to be the stored one, where there is."""
    if not isinstance(new, StoredName):
        return new
    return new if stored is None else stored
