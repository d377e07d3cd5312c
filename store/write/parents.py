"""What an upsert does with a record that says a row is another's: in SQL, no question before.

Most ids never come twice, and of two writers at once one sees the other.
"""

from typing import Any

from sqlalchemy import Table, case, null

from schema.tables.ci import of_kind
from store.write.merge_rules import SHARED

Assigned = list[tuple[str, Any]]


def heeding_parents(
    table: Table, columns: tuple[str, ...], new: Any, assigned: Assigned
) -> Assigned:
    """Return what is assigned to a stored row, the version last.

    A record of another parent's gives the version NULL, which no row takes, so that it is refused;
    of what repositories share it leaves the row as it is.
    """
    parents = [name for name in of_kind(table, "parent") if name in columns]
    moved = [new[name] != table.c[name] for name in parents]
    if not moved:
        return assigned
    if table.name == SHARED:
        return [
            (name, case(*((each, table.c[name]) for each in moved), else_=value))
            for name, value in assigned
        ]
    refused = [(each, null()) for each in moved]
    return [
        (name, case(*refused, else_=value) if name == "version" else value)
        for name, value in assigned
    ]
