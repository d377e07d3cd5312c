"""How a new record changes a stored row: each kind of column, in SQL and told beforehand.

The kinds are those of schema/tables/columns.py. Beforehand tells `merged`, in Python, which rows
need not be written at all. Skipping them is safe beside other writers: a version never goes back,
and a known value is never replaced by nothing.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, or_

from rows import StoredName, Unmappable
from schema.tables.ci import keys, metadata, of_kind
from store.write.stored_rows import Values


class MergeRule(NamedTuple):
    """One rule said twice: of the new value, the stored one, and whether the new one is newer."""

    sql: Callable[[Any, Any, ColumnElement[bool]], Any]
    python: Callable[[Any, Any, bool], Any]


NEWER_WINS = MergeRule(
    lambda new, old, newer: case((newer, new), else_=old),
    lambda new, old, newer: new if newer else old,
)
KNOWN_WINS = MergeRule(
    lambda new, old, newer: case((newer, func.coalesce(new, old)), else_=func.coalesce(old, new)),
    lambda new, old, newer: first_known(new, old) if newer else first_known(old, new),
)
LATEST_WINS = MergeRule(
    lambda new, old, newer: func.coalesce(new, old), lambda new, old, newer: first_known(new, old)
)
STORED_WINS = MergeRule(
    lambda new, old, newer: func.coalesce(old, new), lambda new, old, newer: first_known(old, new)
)
LEAST_WINS = MergeRule(
    lambda new, old, newer: case((or_(old.is_(None), new < old), new), else_=old),
    lambda new, old, newer: min((one for one in (new, old) if one is not None), default=None),
)
GREATEST_WINS = MergeRule(
    lambda new, old, newer: case((or_(old.is_(None), new > old), new), else_=old),
    lambda new, old, newer: max((one for one in (new, old) if one is not None), default=None),
)
GIVEN_WINS = MergeRule(lambda new, old, newer: new, lambda new, old, newer: new)

RULES: dict[str, MergeRule] = {
    "state": NEWER_WINS,
    "fixed": KNOWN_WINS,
    "place": LATEST_WINS,
    "parent": STORED_WINS,
    "first": LEAST_WINS,
    "last": GREATEST_WINS,
    "sticky": GREATEST_WINS,
    "derived": GIVEN_WINS,
}


TAKEN = "its id is stored under another repository or run already"
SHARED = "workflows"
"""What a record may tell of in passing though it is another repository's: that changes nothing.

A workflow that a ruleset requires is one repository's, and runs in all of an organisation's.
https://github.com/cli/cli/issues/9228
"""


def first_known(value: Any, otherwise: Any) -> Any:
    """Return a value, or the other one where it is None."""
    return otherwise if value is None else value


@cache
def rules_of(table: str, *, has_url: bool) -> dict[str, MergeRule]:
    """Return how each column of a table but its key and version is merged.

    `repo` moves together with the `url` below it: renames.py tells a page by the stored name.
    """
    columns = metadata.tables[table].columns
    rules = RULES if has_url or "url" not in columns else {**RULES, "place": STORED_WINS}
    left_out = {*keys(metadata.tables[table]), "version"}
    return {
        column.name: rules[column.info["kind"]]
        for column in columns
        if column.name not in left_out and column.info["kind"] in rules
    }


def merged(table: str, stored: Values, new: Values) -> Values:
    """Return the stored row after a new record. A name that only the store knows stays open.

    Raises Unmappable for a record that says the row is another's.
    """
    if is_elsewhere(table, stored, new):
        return stored
    after = dict(stored)
    newer = is_newer(stored, new)
    for name, rule in rules_of(table, has_url="url" in new).items():
        if name in new and name in stored:
            value = looked_up(new[name], stored[name])
            after[name] = rule.python(value, stored[name], newer)
    if newer:
        after["version"] = new["version"]
    return after


def is_elsewhere(table: str, stored: Values, new: Values) -> bool:
    """Tell whether a record of what repositories share is not of the repository that has the row.

    Raises Unmappable for one of any other table that says the row is another's.
    """
    for name in of_kind(metadata.tables[table], "parent"):
        told = stored.get(name), new.get(name)
        if None not in told and told[0] != told[1]:
            if table == SHARED:
                return True
            raise Unmappable(f"{table}.{name}", TAKEN)
    return False


def adds_nothing(new: Values, stored: Values) -> bool:
    """Tell whether a record says no more than a stored row, its version apart: that stays."""
    return all(stored.get(name) == value for name, value in new.items() if name != "version")


def is_newer(stored: Values, new: Values) -> bool:
    """Tell whether a record's state takes the place of the stored one."""
    return "version" in new and bool(new["version"] > stored["version"])


def looked_up(new: Any, stored: Any) -> Any:
    """Return a new value; a name to be looked up is taken to be the stored one, where there is."""
    if not isinstance(new, StoredName):
        return new
    return first_known(stored, new)
